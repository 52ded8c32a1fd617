// The S3 door: the Amazon S3 REST API over the storage domain.
export { AccountsFileUnusable, readS3Accounts, type StartedWith } from './access/accounts-file';
export { openS3Door, type S3Door, type S3DoorOptions } from './door';
export type { S3Credentials } from './sigv4';
