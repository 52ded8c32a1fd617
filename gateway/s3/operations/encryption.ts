// The default encryption of a bucket. Every object here is encrypted with AES-256; what can be set is a key of a keyring that wraps the
// objects' own besides the account's, and whether keys of the customer are refused. Source: Amazon S3 API Reference, PutBucketEncryption; User Guide, "Blocking or
// unblocking SSE-C for a general purpose bucket".
import { bucketEncryption, type BucketEncryption } from '../customer-key';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { document, element, fields, malformed, parseXml } from '../xml';

export async function getBucketEncryption(request: S3Request): Promise<void> {
  const { bucketKey, blocked, kms } = bucketEncryption(await requireBucket(request));
  const byDefault = element('ApplyServerSideEncryptionByDefault', kms === undefined ? { SSEAlgorithm: 'AES256' } : { SSEAlgorithm: 'aws:kms', ...(kms === '' ? {} : { KMSMasterKeyID: kms }) });
  sendXml(request, 200, document('ServerSideEncryptionConfiguration', {
    Rule: element('Rule', { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: bucketKey, ...(blocked ? { BlockedEncryptionTypes: element('BlockedEncryptionTypes', { EncryptionType: 'SSE-C' }) } : {}) }),
  }));
}

export async function putBucketEncryption(request: S3Request): Promise<void> {
  await requireBucket(request);
  const { Rule: rule } = parseXml(await readDocument(request), 'ServerSideEncryptionConfiguration');
  if (rule === undefined || Array.isArray(rule)) throw malformed();
  const { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: bucketKey = 'false', BlockedEncryptionTypes: types } = fields(rule);
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId } = fields(byDefault);
  if (algorithm === 'aws:kms:dsse') throw new S3Error('NotImplemented', 'Dual-layer encryption is not implemented.');
  if ((algorithm !== 'AES256' && algorithm !== 'aws:kms') || (bucketKey !== 'true' && bucketKey !== 'false')) throw malformed();
  if (keyId !== undefined && typeof keyId !== 'string') throw malformed();
  if (keyId !== undefined && algorithm === 'AES256') throw new S3Error('InvalidArgument', 'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse');
  const type = types === undefined ? 'NONE' : fields(types)['EncryptionType'];
  if (type !== 'NONE' && type !== 'SSE-C') throw malformed();
  await set(request, { bucketKey: bucketKey === 'true', blocked: type === 'SSE-C', ...(algorithm === 'aws:kms' ? { kms: keyId ?? '' } : {}) });
  sendEmpty(request, 200);
}

/** The default is AES256 again, which it was, and keys of the customer are taken. */
export async function deleteBucketEncryption(request: S3Request): Promise<void> {
  const { settings } = await requireBucket(request);
  if (settings.encryption !== undefined) await set(request, null);
  sendEmpty(request, 204);
}

async function set(request: S3Request, encryption: BucketEncryption | null): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'encryption', encryption === null ? null : JSON.stringify(encryption), actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
}
