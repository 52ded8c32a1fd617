import { versionName } from '@oort/subgraphs-storage';
import { readDocument } from '../request-body';
import { errorOfRefusal, S3Error } from '../s3-error';
import { parties, queryValue, requireBucket, sendEmpty, sendXml, type S3Request } from '../s3-request';
import { document, element, malformed, parseXml, type Markup } from '../xml';
import { askedOf, ownerOf } from './buckets';

const statuses = { enabled: 'Enabled', suspended: 'Suspended', off: null } as const;

/** A bucket that never had versions says so by an empty configuration. */
export async function bucketVersioning(request: S3Request): Promise<void> {
  const { versioning } = await requireBucket(request);
  sendXml(request, 200, document('VersioningConfiguration', { Status: statuses[versioning] }));
}

export async function putBucketVersioning(request: S3Request): Promise<void> {
  const { objects, bucket } = request;
  const { accountId, actor } = parties(request);
  await requireBucket(request);
  const { Status: asked, MfaDelete: mfaDelete } = parseXml(await readDocument(request), 'VersioningConfiguration');
  if (mfaDelete === 'Enabled') throw new S3Error('NotImplemented', 'MFA delete is not implemented.');
  if (asked === undefined) throw new S3Error('IllegalVersioningConfigurationException', 'The Versioning element must be specified');
  const status = asked === 'Enabled' ? 'enabled' : asked === 'Suspended' ? 'suspended' : null;
  if (status === null) throw malformed();
  const done = await objects.setVersioning(accountId, bucket, status, actor);
  if (!done.ok) throw errorOfRefusal(done.refusal);
  sendEmpty(request, 200);
}

/** Versions and delete markers in one order: by key, the newest first. An unversioned bucket has one version of each key, `null`. */
export async function listObjectVersions(request: S3Request): Promise<void> {
  const { bucket, objects } = request;
  await requireBucket(request);
  const asked = askedOf(request, 'max-keys');
  const { prefix, delimiter, limit, encode } = asked;
  const afterKey = queryValue(request, 'key-marker') ?? '';
  const afterVersion = queryValue(request, 'version-id-marker');
  if (afterVersion !== null && afterKey === '') throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  const page = limit === 0 ? { entries: [], truncated: false }
    : await objects.listVersions({ bucket, prefix, delimiter, afterKey, afterVersion: afterVersion === '' ? null : afterVersion, limit });
  const listed = page.entries.flatMap((entry): Markup[] => {
    if ('prefix' in entry) return [];
    const { object } = entry;
    const shown = { Key: encode(object.key), VersionId: versionName(object), IsLatest: object.latest, LastModified: object.storedAt };
    const Owner = ownerOf(request, object.ownerId ?? object.accountId);
    if (object.marker) return [element('DeleteMarker', { ...shown, Owner })];
    const { checksumAlgorithm: ChecksumAlgorithm, checksumType: ChecksumType } = object;
    return [element('Version', { ...shown, ETag: `"${object.etag}"`, ChecksumAlgorithm, ChecksumType, Size: object.sizeBytes, StorageClass: object.storageClass === 'ARCHIVE' ? 'GLACIER' : 'STANDARD', Owner })];
  });
  const last = page.truncated ? page.entries.at(-1) : undefined;
  sendXml(request, 200, document('ListVersionsResult', {
    Name: bucket, Prefix: encode(prefix), KeyMarker: encode(afterKey), VersionIdMarker: afterVersion ?? '', MaxKeys: limit,
    Delimiter: delimiter === '' ? null : encode(delimiter), EncodingType: asked.urlEncoded ? 'url' : null, IsTruncated: page.truncated,
    NextKeyMarker: last === undefined ? null : encode('prefix' in last ? last.prefix : last.object.key),
    NextVersionIdMarker: last === undefined || 'prefix' in last ? null : versionName(last.object),
    Version: listed,
    CommonPrefixes: page.entries.flatMap((entry) => ('prefix' in entry ? [element('CommonPrefixes', { Prefix: encode(entry.prefix) })] : [])),
  }));
}
