import { identityElement } from '../access/acl';
import { S3Error } from '../s3-error';
import { queryValue, requireBucket, sendXml, type S3Request } from '../s3-request';
import { document, element, type Markup } from '../xml';
import { askedOf, ownerOf } from './buckets';
import { requireUpload } from './multipart';

type UploadRow = Awaited<ReturnType<S3Request['objects']['openUploads']>>[number];

export async function listParts(request: S3Request): Promise<void> {
  const { uploadId, state } = await requireUpload(request);
  const after = numberOf(request, 'part-number-marker', 0);
  const limit = Math.min(numberOf(request, 'max-parts', 1000), 1000);
  const all = [...state.parts.values()].sort((a, b) => a.partNumber - b.partNumber).filter(({ partNumber }) => partNumber > after);
  const page = all.slice(0, limit);
  const { accountId, acl, initiator = accountId, checksumAlgorithm, checksumType } = state.upload;
  sendXml(request, 200, document('ListPartsResult', {
    Bucket: request.bucket, Key: request.key, UploadId: uploadId, Initiator: identityElement('Initiator', request.identities, initiator),
    Owner: ownerOf(request, acl?.owner ?? accountId), StorageClass: 'STANDARD', ChecksumAlgorithm: checksumAlgorithm, ChecksumType: checksumType,
    PartNumberMarker: after, NextPartNumberMarker: page.at(-1)?.partNumber ?? after, MaxParts: limit, IsTruncated: all.length > page.length,
    Part: page.map(({ partNumber, etag, sizeBytes, checksums }) => element('Part', {
      PartNumber: partNumber, ETag: `"${etag}"`, Size: sizeBytes, ...Object.fromEntries(Object.entries(checksums).map(([name, value]) => [`Checksum${name}`, value])),
    })),
  }));
}

function numberOf(request: S3Request, name: string, otherwise: number): number {
  const text = queryValue(request, name);
  if (text !== null && !/^\d{1,9}$/.test(text)) throw new S3Error('InvalidArgument', `Argument ${name} must be an integer between 0 and 2147483647`);
  return text === null ? otherwise : Number(text);
}

/** By key, and of one key in the order that they were begun; keys that share a prefix up to the delimiter stand for each other. */
export async function listUploads(request: S3Request): Promise<void> {
  await requireBucket(request);
  const asked = askedOf(request, 'max-uploads');
  const { prefix, delimiter, limit, encode } = asked;
  const [keyMarker, idMarker] = [queryValue(request, 'key-marker') ?? '', queryValue(request, 'upload-id-marker') ?? ''];
  // An upload's id without the key that it is of says nothing (ListMultipartUploads, "upload-id-marker").
  const after = (row: UploadRow): boolean => keyMarker === '' || isAfter(row.key, keyMarker) || (row.key === keyMarker && idMarker !== '' && row.uploadId > idMarker);
  const page: { readonly row: UploadRow; readonly group: string | null }[] = [];
  let truncated = false;
  for (const row of limit === 0 ? [] : await request.objects.openUploads(request.bucket)) {
    const group = groupOf(row.key, prefix, delimiter);
    if (!row.key.startsWith(prefix) || !after(row) || (group !== null && (group === page.at(-1)?.group || group === keyMarker))) continue;
    truncated = page.length >= limit;
    if (truncated) break;
    page.push({ row, group });
  }
  const last = truncated ? page.at(-1) : undefined;
  sendXml(request, 200, document('ListMultipartUploadsResult', {
    Bucket: request.bucket, KeyMarker: encode(keyMarker), UploadIdMarker: idMarker, Prefix: encode(prefix), Delimiter: delimiter === '' ? null : encode(delimiter),
    EncodingType: asked.urlEncoded ? 'url' : null, MaxUploads: limit, IsTruncated: truncated,
    NextKeyMarker: last === undefined ? null : encode(last.group ?? last.row.key), NextUploadIdMarker: last === undefined || last.group !== null ? null : last.row.uploadId,
    Upload: page.flatMap(({ row, group }) => (group === null ? [uploadElement(request, row, encode)] : [])),
    CommonPrefixes: page.flatMap(({ group }) => (group === null ? [] : [element('CommonPrefixes', { Prefix: encode(group) })])),
  }));
}

function uploadElement(request: S3Request, { key, uploadId, startedAt, ownerId, initiatorId, checksumAlgorithm, checksumType }: UploadRow, encode: (text: string) => string): Markup {
  return element('Upload', {
    Key: encode(key), UploadId: uploadId, Initiator: identityElement('Initiator', request.identities, initiatorId), Owner: ownerOf(request, ownerId),
    StorageClass: 'STANDARD', Initiated: startedAt, ChecksumAlgorithm: checksumAlgorithm, ChecksumType: checksumType,
  });
}

function groupOf(key: string, prefix: string, delimiter: string): string | null {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return at === -1 ? null : key.slice(0, at + delimiter.length);
}

/** By their UTF-8 bytes. */
function isAfter(key: string, marker: string): boolean { return Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0; }
