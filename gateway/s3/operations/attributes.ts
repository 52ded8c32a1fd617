import type { StoredVersion } from '@oort/subgraphs-storage';
import { requireKey } from '../object-encryption';
import { header, queryValue, requireBucket, sendXml, type S3Request } from '../s3-request';
import { typeOf } from '../joined-checksums';
import { S3Error } from '../s3-error';
import { requireVersion, versionHeaders } from '../versions';
import { document, element, type Markup } from '../xml';

const known = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

/** GetObjectAttributes. As Amazon has it, parts are told one by one where the object has a checksum, else by their count. */
export async function objectAttributes(request: S3Request): Promise<void> {
  const { versioning } = await requireBucket(request);
  const { version, storedAt, status } = await requireVersion(request, request.bucket, request.key, queryValue(request, 'versionId'));
  await requireKey(request, version);
  const asked = (header(request, 'x-amz-object-attributes') ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  if (asked.length === 0 || asked.some((name) => !known.includes(name))) throw new S3Error('InvalidArgument', 'Invalid attribute name specified.');
  const has = (name: string): boolean => asked.includes(name);
  const checksums = Object.entries(version.checksums);
  sendXml(request, 200, document('GetObjectAttributesResponse', {
    ETag: has('ETag') ? version.etag : null,
    Checksum: has('Checksum') && checksums.length > 0
      ? element('Checksum', { ...Object.fromEntries(checksums.map(([name, value]) => [`Checksum${name}`, value])), ChecksumType: typeOf(checksums[0]?.[1] ?? '') }) : null,
    ObjectParts: has('ObjectParts') ? partsElement(request, version) : null,
    StorageClass: has('StorageClass') ? (status === 'archived' ? 'GLACIER' : 'STANDARD') : null,
    ObjectSize: has('ObjectSize') ? version.sizeBytes : null,
  }), { 'last-modified': new Date(storedAt).toUTCString(), ...versionHeaders(version, versioning) });
}

const mostParts = 1000;

/** A page of the parts behind `x-amz-part-number-marker`. Objects that were uploaded before parts were kept know their count only. */
function partsElement(request: S3Request, { etag, parts, checksums }: StoredVersion): Markup | null {
  const count = /-(\d+)$/.exec(etag)?.[1];
  if (count === undefined) return null;
  const marker = numberOf(request, 'x-amz-part-number-marker') ?? 0;
  const most = Math.min(numberOf(request, 'x-amz-max-parts') ?? mostParts, mostParts);
  if (parts === undefined || Object.keys(checksums).length === 0) return element('ObjectParts', { PartsCount: count });
  const behind = parts.filter(({ partNumber }) => partNumber > marker);
  const page = behind.slice(0, most);
  return element('ObjectParts', {
    PartsCount: count, PartNumberMarker: marker, NextPartNumberMarker: page.at(-1)?.partNumber ?? marker, MaxParts: most, IsTruncated: behind.length > page.length,
    Part: page.map(({ partNumber, sizeBytes, checksums: own }) => element('Part', {
      PartNumber: partNumber, Size: sizeBytes, ...Object.fromEntries(Object.entries(own).map(([name, value]) => [`Checksum${name}`, value])),
    })),
  });
}

function numberOf(request: S3Request, name: string): number | null {
  const text = header(request, name);
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`);
  return Number(text);
}
