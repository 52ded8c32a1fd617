import type { RefusalOf } from '@oort/kernel-decider';
import type { Quota, QuotaScope } from './quota';

export type BucketRefusal = RefusalOf<'BAD_BUCKET_NAME' | 'BUCKET_EXISTS' | 'BUCKET_TAKEN' | 'NO_SUCH_BUCKET' | 'NOT_OWNER' | 'BUCKET_NOT_EMPTY' | 'BUCKET_LOCKED' | 'BUCKET_NOT_VERSIONED', { readonly bucket: string }>;

export type ObjectRefusal = RefusalOf<
  'PRECONDITION_FAILED' | 'NO_SUCH_OBJECT' | 'OBJECT_REPLACED' | 'PIECE_PRESENT' | 'OBJECT_ARCHIVED' | 'OBJECT_NOT_ARCHIVED' | 'CONTENT_ROOT_DIFFERS' | 'OBJECT_LOCKED' | 'PACK_SEALED' | 'NO_SUCH_BACKEND',
  { readonly versionId: string | null }>;

export type UploadRefusal = RefusalOf<'UPLOAD_EXISTS' | 'NO_SUCH_UPLOAD' | 'INVALID_PART' | 'INVALID_PART_ORDER' | 'PART_TOO_SMALL', { readonly partNumber: number | null }>;

export type QuotaRefusal = RefusalOf<'QUOTA_EXCEEDED', { readonly scope: QuotaScope; readonly quota: Quota }>;

export type KeyringRefusal =
  | RefusalOf<
    'ENCRYPTION_KEY_EXISTS' | 'NO_SUCH_ENCRYPTION_KEY' | 'ENCRYPTION_KEY_DISABLED' | 'ENCRYPTION_KEY_PENDING_DELETION' | 'ENCRYPTION_KEY_DELETION_NOT_DUE' | 'ENCRYPTION_KEY_MANAGED',
    { readonly keyId: string }>
  | RefusalOf<'BAD_KEY_ALIAS' | 'KEY_ALIAS_TAKEN' | 'NO_SUCH_KEY_ALIAS', { readonly alias: string }>
  | RefusalOf<'ENCRYPTION_KEY_LIMIT', { readonly what: 'keys' | 'aliases' | 'grantees' | 'description' }>
  | RefusalOf<'BAD_WAITING_PERIOD', { readonly waitingDays: number }>;

export type StorageRefusal = BucketRefusal | ObjectRefusal | UploadRefusal | QuotaRefusal;

export function refuse<Code extends string, Payload>(code: Code, message: string, payload: Payload):
  { readonly refused: { readonly code: Code; readonly message: string; readonly payload: Payload } } {
  return { refused: { code, message, payload } };
}
