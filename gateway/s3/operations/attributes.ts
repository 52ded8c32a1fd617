import { header, queryValue, requireBucket, sendXml, type S3Request } from '../s3-request';
import { typeOf } from '../joined-checksums';
import { S3Error } from '../s3-error';
import { requireVersion, versionHeaders } from '../versions';
import { document, element } from '../xml';

const known = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

/** GetObjectAttributes. Parts are told by their number only: where one ended is not kept with the object. */
export async function objectAttributes(request: S3Request): Promise<void> {
  const { versioning } = await requireBucket(request);
  const { version, storedAt, status } = await requireVersion(request, request.bucket, request.key, queryValue(request, 'versionId'));
  const asked = (header(request, 'x-amz-object-attributes') ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  if (asked.length === 0 || asked.some((name) => !known.includes(name))) throw new S3Error('InvalidArgument', 'Invalid attribute name specified.');
  const has = (name: string): boolean => asked.includes(name);
  const parts = /-(\d+)$/.exec(version.etag)?.[1];
  const checksums = Object.entries(version.checksums);
  sendXml(request, 200, document('GetObjectAttributesResponse', {
    ETag: has('ETag') ? version.etag : null,
    Checksum: has('Checksum') && checksums.length > 0
      ? element('Checksum', { ...Object.fromEntries(checksums.map(([name, value]) => [`Checksum${name}`, value])), ChecksumType: typeOf(checksums[0]?.[1] ?? '') }) : null,
    ObjectParts: has('ObjectParts') && parts !== undefined ? element('ObjectParts', { PartsCount: parts }) : null,
    StorageClass: has('StorageClass') ? (status === 'archived' ? 'GLACIER' : 'STANDARD') : null,
    ObjectSize: has('ObjectSize') ? version.sizeBytes : null,
  }), { 'last-modified': new Date(storedAt).toUTCString(), ...versionHeaders(version, versioning) });
}
