import { versionName } from '@oort/subgraphs-storage';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { mostBucketTags, mostObjectTags, parseTagging, taggingDocument, type Tags } from '../tags';
import { requireVersion, versionHeaders } from '../versions';

export async function getBucketTagging(request: S3Request): Promise<void> {
  const { settings: { tagging } } = await requireBucket(request);
  if (tagging === undefined) throw new S3Error('NoSuchTagSet', 'The TagSet does not exist');
  const tags: Readonly<Record<string, string>> = JSON.parse(tagging);
  sendXml(request, 200, taggingDocument(tags));
}

export async function putBucketTagging(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setBucketTags(request, parseTagging(await readDocument(request), mostBucketTags));
}

export async function deleteBucketTagging(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setBucketTags(request, null);
}

async function setBucketTags(request: S3Request, tags: Tags | null): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.setBucketSetting(accountId, request.bucket, 'tagging', tags === null ? null : JSON.stringify(tags), actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 204);
}

export async function getObjectTagging(request: S3Request): Promise<void> {
  const { versioning } = await requireBucket(request);
  const { version } = await requireVersion(request, request.bucket, request.key, queryValue(request, 'versionId'));
  sendXml(request, 200, taggingDocument(version.tags ?? {}), versionHeaders(version, versioning));
}

export async function putObjectTagging(request: S3Request): Promise<void> {
  await requireBucket(request);
  await setObjectTags(request, parseTagging(await readDocument(request), mostObjectTags), 200);
}

export async function deleteObjectTagging(request: S3Request): Promise<void> {
  await setObjectTags(request, {}, 204);
}

async function setObjectTags(request: S3Request, tags: Tags, status: 200 | 204): Promise<void> {
  const { versioning } = await requireBucket(request);
  const { objects, bucket, key } = request;
  const { accountId, actor } = parties(request);
  const { version } = await requireVersion(request, bucket, key, queryValue(request, 'versionId'));
  const done = await objects.tag(accountId, bucket, key, version.versionId, tags, actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, status, versioning === 'off' ? {} : { 'x-amz-version-id': versionName(version) });
}
