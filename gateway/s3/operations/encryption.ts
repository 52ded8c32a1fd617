// The default encryption of a bucket. Every object here is encrypted with AES-256, so that is what every bucket says, and there is
// nothing else that it could be set to. Source: Amazon S3 API Reference, PutBucketEncryption.
import { readDocument } from '../request-body';
import { S3Error } from '../s3-error';
import { requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { document, element, fields, malformed, parseXml } from '../xml';

export async function getBucketEncryption(request: S3Request): Promise<void> {
  await requireBucket(request);
  const byDefault = element('ApplyServerSideEncryptionByDefault', { SSEAlgorithm: 'AES256' });
  sendXml(request, 200, document('ServerSideEncryptionConfiguration', { Rule: element('Rule', { ApplyServerSideEncryptionByDefault: byDefault, BucketKeyEnabled: false }) }));
}

export async function putBucketEncryption(request: S3Request): Promise<void> {
  await requireBucket(request);
  const { Rule: rule } = parseXml(await readDocument(request), 'ServerSideEncryptionConfiguration');
  if (rule === undefined || Array.isArray(rule)) throw malformed();
  const { SSEAlgorithm: algorithm, KMSMasterKeyID: keyId } = fields(fields(rule)['ApplyServerSideEncryptionByDefault']);
  if (algorithm === 'aws:kms' || algorithm === 'aws:kms:dsse') throw new S3Error('NotImplemented', 'Only AES256 is implemented; every object is encrypted with it.');
  if (algorithm !== 'AES256') throw malformed();
  if (keyId !== undefined) throw new S3Error('InvalidArgument', 'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse');
  sendEmpty(request, 200);
}

/** The default is AES256 again, which it was. */
export async function deleteBucketEncryption(request: S3Request): Promise<void> {
  await requireBucket(request);
  sendEmpty(request, 204);
}
