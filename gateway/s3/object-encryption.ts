// Which key an object is encrypted with besides its account's: none, the customer's (SSE-C) or one of a keyring (SSE-KMS).
import { WrongObjectKey, type AskedEncryption, type PresentBucket, type StoredVersion } from '@oort/subgraphs-storage';
import { bucketEncryption, customerKeyOf, type CustomerKey, type From } from './customer-key';
import { managedHeaders, managedKeyOf, requireVersion4, type Managed } from './managed-key';
import { S3Error } from './s3-error';
import type { S3Request } from './s3-request';

/** How a write is encrypted: with the customer's key, one of a keyring, or the account's alone. */
export interface WriteEncryption { readonly customer: CustomerKey | null; readonly managed: Managed | null; readonly asked: { readonly encryption?: AskedEncryption } }

/** Throws S3Error as `customerKeyOfWrite`, and InvalidArgument, NotImplemented; KeyUnusable where the asker may not use the key, or nobody can. */
export async function encryptionOfWrite(request: S3Request, bucket: PresentBucket): Promise<WriteEncryption> {
  const customer = customerKeyOfWrite(request, bucket);
  const managed = customer === null ? await managedKeyOf(request, bucket) : null;
  return { customer, managed, asked: managed === null ? askedEncryption(customer) : { encryption: managed } };
}

/** Of a write. Throws S3Error as `customerKeyOf`, and AccessDenied where the bucket refuses such keys. */
function customerKeyOfWrite(request: Pick<S3Request, 'incoming'>, bucket: PresentBucket): CustomerKey | null {
  const customer = customerKeyOf(request);
  if (customer !== null && bucketEncryption(bucket).blocked) throw new S3Error('AccessDenied', 'Access Denied');
  return customer;
}

/** As a write asks the store for it. */
function askedEncryption(customer: CustomerKey | null): { readonly encryption?: { readonly kind: 'customer'; readonly key: Buffer } } {
  return customer === null ? {} : { encryption: { kind: 'customer', key: customer.key } };
}

/** What the answer to a write says besides. */
export function contextHeader(managed: Managed | null): Record<string, string> {
  return managed?.context === undefined ? {} : { 'x-amz-server-side-encryption-context': managed.context };
}

/** How a stored object says that it is encrypted. */
export function encryptionHeaders(customer: CustomerKey | null, encryption?: Parameters<typeof managedHeaders>[0]): Record<string, string> {
  if (customer === null) return managedHeaders(encryption) ?? { 'x-amz-server-side-encryption': 'AES256' };
  return { 'x-amz-server-side-encryption-customer-algorithm': 'AES256', 'x-amz-server-side-encryption-customer-key-md5': customer.md5 };
}

/** The customer's key that the version needs, once it was found to be the right one. Throws S3Error InvalidRequest, and AccessDenied for another
 *  key; KeyUnusable where it needs one of a keyring that the asker may not use. */
export async function requireKey(request: S3Request, version: StoredVersion, from: From = ''): Promise<CustomerKey | null> {
  const customer = customerKeyOf(request, from);
  await requireManaged(request, version);
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

async function requireManaged({ objects, auth }: S3Request, { encryption }: Pick<StoredVersion, 'encryption'>): Promise<void> {
  if (encryption?.kind !== 'kms') return;
  requireVersion4(auth);
  await objects.encryptionKeys.allow(encryption, auth.accountId);
}

/** The key that the upload began with. Throws S3Error InvalidRequest. */
export async function requireUploadKey(request: S3Request, upload: Parameters<S3Request['objects']['keys']['open']>[0], bucket?: PresentBucket): Promise<CustomerKey | null> {
  const customer = bucket === undefined ? customerKeyOf(request) : customerKeyOfWrite(request, bucket);
  await requireManaged(request, upload);
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
