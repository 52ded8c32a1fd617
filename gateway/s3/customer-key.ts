// Encryption with keys that only the customer has (SSE-C): what its headers say, and what is wrong with them.
// Source: Amazon S3 User Guide, "Using server-side encryption with customer-provided keys"; the order of the checks is Amazon's.
import { createHash } from 'node:crypto';
import { WrongObjectKey, type PresentBucket, type StoredVersion } from '@oort/subgraphs-storage';
import { S3Error } from './s3-error';
import { header, type S3Request } from './s3-request';

export interface CustomerKey { readonly key: Buffer; /** Base64, as it was said. */ readonly md5: string }

type From = '' | 'copy-source-';

/** Null where the request brings none. Throws S3Error InvalidArgument, InvalidEncryptionAlgorithmError. */
export function customerKeyOf(request: Pick<S3Request, 'incoming'>, from: From = ''): CustomerKey | null {
  const said = (name: string): string | null => header(request, `x-amz-${from}server-side-encryption-customer-${name}`);
  const [algorithm, text, md5] = [said('algorithm'), said('key'), said('key-md5')];
  if (algorithm === null && text === null && md5 === null) return null;
  const without = (what: string): S3Error => new S3Error('InvalidArgument', `Requests specifying Server Side Encryption with Customer provided keys must provide ${what}.`);
  if (algorithm === null) throw without('a valid encryption algorithm');
  if (algorithm !== 'AES256') throw new S3Error('InvalidEncryptionAlgorithmError', 'The Encryption request you specified is not valid. Supported value: AES256.');
  if (text === null || text === '') throw without('an appropriate secret key');
  if (md5 === null || md5 === '') throw without('the client calculated MD5 of the secret key');
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32 || key.toString('base64') !== text) throw new S3Error('InvalidArgument', 'The secret key was invalid for the specified algorithm.');
  if (createHash('md5').update(key).digest('base64') !== md5) {
    throw new S3Error('InvalidArgument', 'The calculated MD5 hash of the key did not match the hash that was provided.');
  }
  if (from === '' && header(request, 'x-amz-server-side-encryption') !== null) {
    throw new S3Error('InvalidArgument', 'Server Side Encryption with Customer provided key is incompatible with the encryption method specified');
  }
  return { key, md5 };
}

/** What a bucket is set to: whether it was asked for bucket keys, which change nothing here, and whether keys of the customer are refused. */
export interface BucketEncryption { readonly bucketKey: boolean; readonly blocked: boolean }

export function bucketEncryption({ settings }: Pick<PresentBucket, 'settings'>): BucketEncryption {
  return settings.encryption === undefined ? { bucketKey: false, blocked: false } : JSON.parse(settings.encryption) as BucketEncryption;
}

/** Of a write. Throws S3Error as `customerKeyOf`, and AccessDenied where the bucket refuses such keys. */
export function customerKeyOfWrite(request: Pick<S3Request, 'incoming'>, bucket: PresentBucket): CustomerKey | null {
  const customer = customerKeyOf(request);
  if (customer !== null && bucketEncryption(bucket).blocked) throw new S3Error('AccessDenied', 'Access Denied');
  return customer;
}

/** As a write asks the store for it. */
export function askedEncryption(customer: CustomerKey | null): { readonly encryption?: { readonly kind: 'customer'; readonly key: Buffer } } {
  return customer === null ? {} : { encryption: { kind: 'customer', key: customer.key } };
}

/** How a stored object says that it is encrypted. */
export function encryptionHeaders(customer: CustomerKey | null): Record<string, string> {
  if (customer === null) return { 'x-amz-server-side-encryption': 'AES256' };
  return { 'x-amz-server-side-encryption-customer-algorithm': 'AES256', 'x-amz-server-side-encryption-customer-key-md5': customer.md5 };
}

/** The key that the version needs, once it was found to be the right one. Throws S3Error InvalidRequest, and AccessDenied for another key. */
export async function requireKey(request: S3Request, version: StoredVersion, from: From = ''): Promise<CustomerKey | null> {
  const customer = customerKeyOf(request, from);
  try {
    await request.objects.keys.open(version, customer?.key);
  } catch (error) {
    throw error instanceof WrongObjectKey ? ofReading(error) : error;
  }
  return customer;
}

function ofReading({ reason }: WrongObjectKey): S3Error {
  switch (reason) {
    case 'missing': return new S3Error('InvalidRequest', 'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.');
    case 'not applicable': return new S3Error('InvalidRequest', 'The encryption parameters are not applicable to this object.');
    case 'wrong': return new S3Error('AccessDenied', 'Access Denied');
  }
}

/** The key that the upload began with. Throws S3Error InvalidRequest. */
export async function requireUploadKey(request: S3Request, upload: Parameters<S3Request['objects']['keys']['open']>[0], bucket?: PresentBucket): Promise<CustomerKey | null> {
  const customer = bucket === undefined ? customerKeyOf(request) : customerKeyOfWrite(request, bucket);
  try {
    await request.objects.keys.open(upload, customer?.key);
  } catch (error) {
    if (!(error instanceof WrongObjectKey)) throw error;
    throw new S3Error('InvalidRequest', error.reason === 'missing'
      ? 'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.'
      : error.reason === 'wrong' ? 'The provided encryption parameters did not match the ones used originally.'
        : 'The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters.');
  }
  return customer;
}
