// Encryption with keys of a keyring (SSE-KMS): what headers and the bucket's setting ask for, and how a stored object shows it.
// Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys"; API Reference, PutObject.
import { keyArn, type AskedEncryption, type PresentBucket, type StoredVersion } from '@oort/subgraphs-storage';
import { bucketEncryption } from './customer-key';
import { S3Error } from './s3-error';
import { header, type S3Request } from './s3-request';

export type Managed = Extract<AskedEncryption, { readonly kind: 'kms' }>;

/** Null where the account's own key does. Throws S3Error InvalidArgument; KeyUnusable where the asker may not use the key, or nobody can. */
export async function managedKeyOf(request: S3Request, bucket: PresentBucket): Promise<Managed | null> {
  const { objects: { encryptionKeys }, auth } = request;
  const said = (name: string): string | null => header(request, `x-amz-server-side-encryption${name}`);
  const [algorithm, name, context, bucketKey] = [said(''), said('-aws-kms-key-id'), said('-context'), said('-bucket-key-enabled')];
  if (algorithm !== 'aws:kms' && (name !== null || context !== null)) {
    throw new S3Error('InvalidArgument', 'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms');
  }
  const { kms, bucketKey: byDefault } = bucketEncryption(bucket);
  if (algorithm === 'AES256' || (algorithm === null && kms === undefined)) return null;
  requireVersion4(auth);
  // The bucket's key is named by its owner, and so is the default one where the bucket asks for it.
  const [named, of] = name === null && kms !== undefined ? [kms, bucket.accountId] : [name, auth.accountId];
  const key = await encryptionKeys.named(named === '' ? null : named, of);
  await encryptionKeys.allow(key, auth.accountId);
  const isBucketKey = bucketKey === null ? byDefault : bucketKey === 'true';
  return { kind: 'kms', ...key, ...(context === null ? {} : { context: contextOf(context) }), ...(isBucketKey ? { bucketKey: true } : {}) };
}

/** Throws S3Error InvalidArgument where the request is signed in a form that such keys are not for. */
export function requireVersion4({ version }: S3Request['auth']): void {
  if (version === 'AWS') throw new S3Error('InvalidArgument', 'Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.');
}

const mostContextBytes = 8192;

/** As it was said: base64 of a JSON object of strings. Throws S3Error InvalidArgument. */
function contextOf(text: string): string {
  try {
    const pairs: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    const isMap = typeof pairs === 'object' && pairs !== null && !Array.isArray(pairs) && Object.values(pairs).every((value) => typeof value === 'string');
    if (isMap && text.length <= mostContextBytes) return text;
  } catch {
    // Answered below.
  }
  throw new S3Error('InvalidArgument', 'The header x-amz-server-side-encryption-context shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map');
}

/** Null where the object is not under such a key. */
export function managedHeaders(encryption: StoredVersion['encryption'] | Managed): Record<string, string> | null {
  if (encryption?.kind !== 'kms') return null;
  return {
    'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': keyArn(encryption),
    ...(encryption.bucketKey === true ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  };
}
