import { ownerElement } from '../access/acl';
import { settingsOfNewBucket } from '../access/new-lists';
import { lockOfNewBucket } from '../object-lock';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { uriEncode } from '../sigv4';
import { document, element, type Markup } from '../xml';

export async function listBuckets(request: S3Request): Promise<void> {
  const { objects, auth } = request;
  const buckets = (await objects.buckets(auth.accountId)).map(({ bucket, createdAt }) => element('Bucket', { Name: bucket, CreationDate: createdAt }));
  sendXml(request, 200, document('ListAllMyBucketsResult', { Owner: ownerOf(request, auth.accountId), Buckets: element('Buckets', { Bucket: buckets }) }));
}

export async function createBucket(request: S3Request): Promise<void> {
  const { objects, auth, bucket } = request;
  const done = await objects.createBucket(auth.accountId, bucket, { ...settingsOfNewBucket(request), ...lockOfNewBucket(request) });
  // As us-east-1 does: creating again a bucket that you own changes nothing and succeeds.
  if (!done.ok && done.refusal.code !== 'BUCKET_EXISTS') throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200, { location: `/${bucket}` });
}

export async function headBucket(request: S3Request): Promise<void> {
  await requireBucket(request);
  sendEmpty(request, 200, { 'x-amz-bucket-region': 'us-east-1' });
}

export async function deleteBucket(request: S3Request): Promise<void> {
  const { accountId, actor } = parties(request);
  const done = await request.objects.deleteBucket(accountId, request.bucket, actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 204);
}

export async function bucketLocation(request: S3Request): Promise<void> {
  await requireBucket(request);
  sendXml(request, 200, document('LocationConstraint', {}));
}

const mostKeys = 1000;

export interface Asked { readonly prefix: string; readonly delimiter: string; readonly limit: number; readonly encode: (text: string) => string; readonly urlEncoded: boolean }

export function askedOf(request: S3Request, limitName: string): Asked {
  const text = queryValue(request, limitName);
  if (text !== null && !/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', `Argument ${limitName} must be an integer between 0 and 2147483647`);
  const encoding = queryValue(request, 'encoding-type');
  if (encoding !== null && encoding !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  return {
    prefix: queryValue(request, 'prefix') ?? '', delimiter: queryValue(request, 'delimiter') ?? '', urlEncoded: encoding === 'url',
    limit: Math.min(text === null ? mostKeys : Number(text), mostKeys),
    encode: encoding === 'url' ? (value) => uriEncode(value, '/') : (value) => value,
  };
}

export async function listObjectsV2(request: S3Request): Promise<void> {
  await requireBucket(request);
  const asked = askedOf(request, 'max-keys');
  const token = queryValue(request, 'continuation-token');
  const startAfter = queryValue(request, 'start-after') ?? '';
  const after = token === null ? startAfter : Buffer.from(token, 'base64url').toString('utf8');
  const page = await pageOf(request, asked, after);
  sendXml(request, 200, document('ListBucketResult', {
    Name: request.bucket, Prefix: asked.encode(asked.prefix), Delimiter: asked.delimiter === '' ? null : asked.encode(asked.delimiter),
    StartAfter: startAfter === '' ? null : asked.encode(startAfter), MaxKeys: asked.limit, KeyCount: page.contents.length + page.prefixes.length,
    EncodingType: asked.urlEncoded ? 'url' : null, IsTruncated: page.truncated, ContinuationToken: token,
    NextContinuationToken: page.truncated && page.last !== null ? Buffer.from(page.last).toString('base64url') : null,
    Contents: page.contents, CommonPrefixes: page.prefixes,
  }));
}

export async function listObjectsV1(request: S3Request): Promise<void> {
  await requireBucket(request);
  const asked = askedOf(request, 'max-keys');
  const marker = queryValue(request, 'marker') ?? '';
  const page = await pageOf(request, asked, marker);
  sendXml(request, 200, document('ListBucketResult', {
    Name: request.bucket, Prefix: asked.encode(asked.prefix), Marker: asked.encode(marker), MaxKeys: asked.limit,
    Delimiter: asked.delimiter === '' ? null : asked.encode(asked.delimiter), EncodingType: asked.urlEncoded ? 'url' : null, IsTruncated: page.truncated,
    NextMarker: page.truncated && page.last !== null ? asked.encode(page.last) : null, Contents: page.contents, CommonPrefixes: page.prefixes,
  }));
}

interface ListedPage { readonly contents: readonly Markup[]; readonly prefixes: readonly Markup[]; readonly truncated: boolean; readonly last: string | null }

async function pageOf(request: S3Request, { prefix, delimiter, limit, encode }: Asked, after: string): Promise<ListedPage> {
  if (limit === 0) return { contents: [], prefixes: [], truncated: false, last: null };
  const { entries, truncated, last } = await request.objects.list({ bucket: request.bucket, prefix, delimiter, after, limit });
  const contents = entries.flatMap((entry) => ('object' in entry ? [element('Contents', {
    Key: encode(entry.object.key), LastModified: entry.object.storedAt, ETag: `"${entry.object.etag}"`, Size: entry.object.sizeBytes,
    StorageClass: entry.object.storageClass === 'ARCHIVE' ? 'GLACIER' : 'STANDARD', Owner: ownerOf(request, entry.object.ownerId ?? entry.object.accountId),
  })] : []));
  const prefixes = entries.flatMap((entry) => ('prefix' in entry ? [element('CommonPrefixes', { Prefix: encode(entry.prefix) })] : []));
  return { contents, prefixes, truncated, last };
}

export function ownerOf({ identities }: Pick<S3Request, 'identities'>, accountId: string): Markup { return ownerElement(identities, accountId); }
