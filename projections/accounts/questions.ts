import type { ReadModels } from '@oort/kernel-projection';
import { PersonEntity, type PersonRow } from './entities';

/** Null for who told nothing of themselves. */
export function findPerson({ database }: Pick<ReadModels, 'database'>, accountId: string): Promise<PersonRow | null> {
  return database.getRepository(PersonEntity).findOneBy({ accountId });
}
