// Encryption with keys that only the customer has (SSE-C): what its headers say, and what is wrong with them.
// Source: Amazon S3 User Guide, "Using server-side encryption with customer-provided keys"; the order of the checks is Amazon's.
import { createHash } from 'node:crypto';
import type { PresentBucket } from '@oort/subgraphs-storage';
import { S3Error } from './s3-error';
import { header, type S3Request } from './s3-request';

export interface CustomerKey { readonly key: Buffer; /** Base64, as it was said. */ readonly md5: string }

export type From = '' | 'copy-source-';

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

/** What a bucket is set to: whether it was asked for bucket keys, which change nothing here; whether keys of the customer are refused; and the
 *  name of a key of a keyring that encrypts what says nothing else, empty for its owner's default key. */
export interface BucketEncryption { readonly bucketKey: boolean; readonly blocked: boolean; readonly kms?: string }

export function bucketEncryption({ settings }: Pick<PresentBucket, 'settings'>): BucketEncryption {
  return settings.encryption === undefined ? { bucketKey: false, blocked: false } : JSON.parse(settings.encryption) as BucketEncryption;
}
