import { bucketLock, type PresentBucket, type ReadableObject } from '@oort/subgraphs-storage';
import { requireAccess } from '../access/admission';
import { bucketLockDocument, noBucketLock, parseBucketLock, parseRetention } from '../object-lock';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { header, parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { requireVersion, versionHeaders } from '../versions';
import { document, malformed, parseXml } from '../xml';

export async function getBucketLock(request: S3Request): Promise<void> {
  const lock = bucketLock((await requireBucket(request)).settings);
  if (lock === null) throw new S3Error('ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket');
  sendXml(request, 200, bucketLockDocument(lock));
}

export async function putBucketLock(request: S3Request): Promise<void> {
  await requireBucket(request);
  const lock = parseBucketLock(await readDocument(request));
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'objectLock', JSON.stringify(lock), actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200);
}

export async function getRetention(request: S3Request): Promise<void> {
  const { found: { version: { lock } } } = await lockable(request);
  if (lock?.retention === undefined) throw noLock();
  sendXml(request, 200, document('Retention', { Mode: lock.retention.mode, RetainUntilDate: lock.retention.until }));
}

export async function putRetention(request: S3Request): Promise<void> {
  const { found: { version }, present } = await lockable(request);
  const retention = parseRetention(await readDocument(request), request.now());
  const { accountId, actor } = parties(request);
  const set = (bypass: boolean) => request.objects.setRetention(accountId, version, retention, bypass, actor);
  const plain = await set(false);
  const done = !plain.ok && plain.refusal.code === 'OBJECT_LOCKED' && await mayBypass(request, request.key) ? await set(true) : plain;
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200, versionHeaders(version, present.versioning));
}

export async function getLegalHold(request: S3Request): Promise<void> {
  const { found: { version: { lock } } } = await lockable(request);
  if (lock?.legalHold === undefined) throw noLock();
  sendXml(request, 200, document('LegalHold', { Status: lock.legalHold ? 'ON' : 'OFF' }));
}

export async function putLegalHold(request: S3Request): Promise<void> {
  const { found: { version }, present } = await lockable(request);
  const { Status: status } = parseXml(await readDocument(request), 'LegalHold');
  if (status !== 'ON' && status !== 'OFF') throw malformed();
  const { accountId, actor } = parties(request);
  const done = await request.objects.setLegalHold(accountId, version, status === 'ON', actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200, versionHeaders(version, present.versioning));
}

/** Whether the request says that governance is to be passed by. Throws S3Error AccessDenied for one who says so and may not. */
export async function mayBypass(request: S3Request, key: string): Promise<boolean> {
  if (header(request, 'x-amz-bypass-governance-retention')?.toLowerCase() !== 'true') return false;
  await requireAccess(request, { bucket: request.bucket, key, versionId: null, action: 's3:BypassGovernanceRetention' });
  return true;
}

/** Throws S3Error InvalidRequest for a bucket without locks. */
async function lockable(request: S3Request): Promise<{ readonly present: PresentBucket; readonly found: ReadableObject }> {
  const present = await requireBucket(request);
  if (bucketLock(present.settings) === null) throw noBucketLock();
  return { present, found: await requireVersion(request, request.bucket, request.key, queryValue(request, 'versionId')) };
}

function noLock(): S3Error { return new S3Error('NoSuchObjectLockConfiguration', 'The specified object does not have a ObjectLock configuration'); }
