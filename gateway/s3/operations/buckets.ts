import { ownerElement } from '../access/acl';
import { settingsOfNewBucket } from '../access/new-lists';
import { lockOfNewBucket } from '../object-lock';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { uriEncode } from '../sigv4';
import { mostBucketTags, tagsListed } from '../tags';
import { document, element, fields, parseXml, type Markup } from '../xml';

const mostBuckets = 10_000;
const ownRegion = 'us-east-1';

export async function listBuckets(request: S3Request): Promise<void> {
  const { objects, auth } = request;
  const [prefix, most, token, region] = [queryValue(request, 'prefix') ?? '', queryValue(request, 'max-buckets'), tokenOf(request), queryValue(request, 'bucket-region')];
  if (most !== null && !(/^\d{1,5}$/.test(most) && Number(most) >= 1 && Number(most) <= mostBuckets)) throw new S3Error('InvalidArgument', `Argument max-buckets must be an integer between 1 and ${mostBuckets}`);
  const asked = (await objects.buckets(auth.accountId)).filter(({ bucket }) => bucket.startsWith(prefix) && bucket > (token ?? '') && (region === null || region === ownRegion));
  const page = asked.slice(0, Number(most ?? mostBuckets));
  const last = asked.length > page.length ? page.at(-1)?.bucket : undefined;
  const buckets = page.map(({ bucket, createdAt }) => element('Bucket', { Name: bucket, CreationDate: createdAt }));
  sendXml(request, 200, document('ListAllMyBucketsResult', {
    Owner: ownerOf(request, auth.accountId), Buckets: element('Buckets', { Bucket: buckets }), Prefix: prefix === '' ? null : prefix,
    ContinuationToken: last === undefined ? null : Buffer.from(last).toString('base64url'),
  }));
}

/** After which name to go on. Throws S3Error InvalidArgument. */
function tokenOf(request: S3Request): string | null {
  const token = queryValue(request, 'continuation-token') ?? '';
  // An empty one is none, as Amazon has it.
  if (token === '') return null;
  const name = Buffer.from(token, 'base64url');
  if (name.toString('base64url') !== token) throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  return name.toString('utf8');
}

export async function createBucket(request: S3Request): Promise<void> {
  const { objects, auth, bucket } = request;
  const tags = await tagsOfNewBucket(request);
  const done = await objects.createBucket(auth.accountId, bucket, { ...settingsOfNewBucket(request), ...lockOfNewBucket(request), ...tags });
  // As us-east-1 does: creating again a bucket that you own changes nothing and succeeds.
  if (!done.ok && done.refusal.code !== 'BUCKET_EXISTS') throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200, { location: `/${bucket}` });
}

/** Any region is this one, whatever a client calls it. Throws S3Error MalformedXML, InvalidTag, and NotImplemented for buckets of other kinds. */
async function tagsOfNewBucket(request: S3Request): Promise<{ readonly tagging?: string }> {
  const body = await readDocument(request);
  if (body.length === 0) return {};
  const asked = parseXml(body, 'CreateBucketConfiguration', true);
  const other = ['Bucket', 'Location'].find((name) => asked[name] !== undefined);
  if (other !== undefined) throw new S3Error('NotImplemented', 'Directory buckets are not implemented.');
  return asked['Tags'] === undefined ? {} : { tagging: JSON.stringify(tagsListed(fields(asked['Tags'])['Tag'], mostBucketTags)) };
}

export async function headBucket(request: S3Request): Promise<void> {
  await requireBucket(request);
  sendEmpty(request, 200, { 'x-amz-bucket-region': ownRegion });
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
  const token = tokenOf(request);
  const startAfter = queryValue(request, 'start-after') ?? '';
  const page = await pageOf(request, asked, token ?? startAfter, queryValue(request, 'fetch-owner') === 'true');
  sendXml(request, 200, document('ListBucketResult', {
    Name: request.bucket, Prefix: asked.encode(asked.prefix), Delimiter: asked.delimiter === '' ? null : asked.encode(asked.delimiter),
    StartAfter: startAfter === '' ? null : asked.encode(startAfter), MaxKeys: asked.limit, KeyCount: page.contents.length + page.prefixes.length,
    EncodingType: asked.urlEncoded ? 'url' : null, IsTruncated: page.truncated, ContinuationToken: queryValue(request, 'continuation-token'),
    NextContinuationToken: page.truncated && page.last !== null ? Buffer.from(page.last).toString('base64url') : null,
    Contents: page.contents, CommonPrefixes: page.prefixes,
  }));
}

export async function listObjectsV1(request: S3Request): Promise<void> {
  await requireBucket(request);
  const asked = askedOf(request, 'max-keys');
  const marker = queryValue(request, 'marker') ?? '';
  const page = await pageOf(request, asked, marker, true);
  sendXml(request, 200, document('ListBucketResult', {
    Name: request.bucket, Prefix: asked.encode(asked.prefix), Marker: asked.encode(marker), MaxKeys: asked.limit,
    Delimiter: asked.delimiter === '' ? null : asked.encode(asked.delimiter), EncodingType: asked.urlEncoded ? 'url' : null, IsTruncated: page.truncated,
    NextMarker: page.truncated && page.last !== null ? asked.encode(page.last) : null, Contents: page.contents, CommonPrefixes: page.prefixes,
  }));
}

interface ListedPage { readonly contents: readonly Markup[]; readonly prefixes: readonly Markup[]; readonly truncated: boolean; readonly last: string | null }

async function pageOf(request: S3Request, { prefix, delimiter, limit, encode }: Asked, after: string, owners: boolean): Promise<ListedPage> {
  if (limit === 0) return { contents: [], prefixes: [], truncated: false, last: null };
  const { entries, truncated, last } = await request.objects.list({ bucket: request.bucket, prefix, delimiter, after, limit });
  const contents = entries.flatMap((entry) => ('object' in entry ? [element('Contents', {
    Key: encode(entry.object.key), LastModified: entry.object.storedAt, ETag: `"${entry.object.etag}"`, ChecksumAlgorithm: entry.object.checksumAlgorithm, ChecksumType: entry.object.checksumType, Size: entry.object.sizeBytes,
    StorageClass: entry.object.storageClass === 'ARCHIVE' ? 'GLACIER' : 'STANDARD', Owner: owners ? ownerOf(request, entry.object.ownerId ?? entry.object.accountId) : null,
  })] : []));
  const prefixes = entries.flatMap((entry) => ('prefix' in entry ? [element('CommonPrefixes', { Prefix: encode(entry.prefix) })] : []));
  return { contents, prefixes, truncated, last };
}

export function ownerOf({ identities }: Pick<S3Request, 'identities'>, accountId: string): Markup { return ownerElement(identities, accountId); }
