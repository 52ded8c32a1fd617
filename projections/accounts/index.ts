// Who is behind an account, as far as they told, until they are forgotten?
export { PersonEntity, type PersonRow } from './entities';
export { accountsProjection } from './projection';
export { findPerson } from './questions';
