// The default encryption of a bucket. Every object here is encrypted with AES-256, so that is what every bucket says. What can be set
// is whether keys of the customer are refused. Source: Amazon S3 API Reference, PutBucketEncryption; User Guide, "Blocking or
// unblocking SSE-C for a general purpose bucket".
import { bucketEncryption, type BucketEncryption } from '../customer-key';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { document, element, fields, malformed, parseXml } from '../xml';

export async function getBucketEncryption(request: S3Request): Promise<void> {
  const { bucketKey, blocked } = bucketEncryption(await requireBucket(request));
  const byDefault = element('ApplyServerSideEncryptionByDefault', { SSEAlgorithm: 'AES256' });
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
  if (algorithm === 'aws:kms' || algorithm === 'aws:kms:dsse') throw new S3Error('NotImplemented', 'Only AES256 is implemented; every object is encrypted with it.');
  if (algorithm !== 'AES256' || (bucketKey !== 'true' && bucketKey !== 'false')) throw malformed();
  if (keyId !== undefined) throw new S3Error('InvalidArgument', 'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse');
  const type = types === undefined ? 'NONE' : fields(types)['EncryptionType'];
  if (type !== 'NONE' && type !== 'SSE-C') throw malformed();
  await set(request, { bucketKey: bucketKey === 'true', blocked: type === 'SSE-C' });
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
