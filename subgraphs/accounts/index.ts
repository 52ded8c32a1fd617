// accounts: people and their wallets, keys, credits and invoices.
export { accountFlow } from './flow';
export { accountDecider } from './decide';
export { openForgotten } from './forgotten';
export { testCard, type Charge, type PaymentProvider } from './payment-provider';
export { openS3Keys, type S3Credentials, type S3Keys } from './s3-keys';
export { accountIdOf, verifySession } from './sign-in';
export { createAccountsSubgraph, type AccountsPorts, type AccountsSubgraph } from './subgraph';
