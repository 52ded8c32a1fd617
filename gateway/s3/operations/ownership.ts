import { bucketAcl, ownershipControls, ownerships, type Ownership } from '../access/bucket-rules';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { document, element, fields, malformed, parseXml } from '../xml';

export async function getOwnershipControls(request: S3Request): Promise<void> {
  const ownership = ownershipControls(await requireBucket(request));
  if (ownership === null) throw new S3Error('OwnershipControlsNotFoundError', 'The bucket ownership controls were not found');
  sendXml(request, 200, document('OwnershipControls', { Rule: element('Rule', { ObjectOwnership: ownership }) }));
}

export async function putOwnershipControls(request: S3Request): Promise<void> {
  const bucket = await requireBucket(request);
  const rule = parseXml(await readDocument(request), 'OwnershipControls')['Rule'];
  const listed: readonly unknown[] = Array.isArray(rule) ? rule : [rule];
  const named = listed.length === 1 ? fields(listed[0])['ObjectOwnership'] : undefined;
  const ownership = ownerships.find((name) => name === named);
  if (ownership === undefined) throw malformed();
  const given = bucketAcl(bucket).grants.some(({ grantee }) => !('accountId' in grantee) || grantee.accountId !== bucket.accountId);
  if (ownership === 'BucketOwnerEnforced' && given) {
    throw new S3Error('InvalidBucketAclWithObjectOwnership', 'Bucket cannot have ACLs set with ObjectOwnership\'s BucketOwnerEnforced setting');
  }
  await setOwnership(request, ownership, 200);
}

export async function deleteOwnershipControls(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setOwnership(request, null, 204);
}

async function setOwnership(request: S3Request, ownership: Ownership | null, status: 200 | 204): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'ownership', JSON.stringify(ownership), actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, status);
}
