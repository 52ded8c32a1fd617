import type { Acl } from '@oort/schema/events/storage';
import type { PresentBucket } from '@oort/subgraphs-storage';
import { aclDocument, aclOfHeaders, isPublicAcl, parseAcl } from '../access/acl';
import { denied } from '../access/admission';
import { aclsCount, blocked, bucketAcl, privateAcl } from '../access/bucket-rules';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { requireVersion, versionHeaders } from '../versions';

/** Where lists do not count everything is the bucket owner's, and that is what the list says. */
export async function getBucketAcl(request: S3Request): Promise<void> {
  const bucket = await requireBucket(request);
  sendXml(request, 200, aclDocument(aclsCount(bucket) ? bucketAcl(bucket) : privateAcl(bucket.accountId), request.identities));
}

export async function putBucketAcl(request: S3Request): Promise<void> {
  const bucket = await requireBucket(request);
  const acl = await askedAcl(request, bucket, bucketAcl(bucket).owner);
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'acl', JSON.stringify(acl), actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200);
}

export async function getObjectAcl(request: S3Request): Promise<void> {
  const bucket = await requireBucket(request);
  const { version } = await requireVersion(request, request.bucket, request.key, queryValue(request, 'versionId'));
  const acl = aclsCount(bucket) ? version.acl : undefined;
  sendXml(request, 200, aclDocument(acl ?? privateAcl(bucket.accountId), request.identities), versionHeaders(version, bucket.versioning));
}

export async function putObjectAcl(request: S3Request): Promise<void> {
  const bucket = await requireBucket(request);
  const { version } = await requireVersion(request, request.bucket, request.key, queryValue(request, 'versionId'));
  const acl = await askedAcl(request, bucket, version.acl?.owner ?? bucket.accountId);
  const { accountId, actor } = parties(request);
  const done = await request.objects.setAcl(accountId, request.bucket, request.key, version.versionId, acl, actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200, versionHeaders(version, bucket.versioning));
}

/** Of the headers, or of the body. Throws S3Error AccessControlListNotSupported, AccessDenied for a public one that is blocked. */
async function askedAcl(request: S3Request, bucket: PresentBucket, owner: string): Promise<Acl> {
  if (!aclsCount(bucket)) throw new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs');
  const acl = aclOfHeaders(request, owner, bucket.accountId) ?? parseAcl(await readDocument(request), owner, request.identities);
  if (isPublicAcl(acl) && blocked(bucket).BlockPublicAcls) throw denied();
  return acl;
}
