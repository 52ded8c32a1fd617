import { typeOf } from './joined-checksums';
import { lockHeaders, type Lock } from './object-lock';
import { S3Error } from './s3-error';
import { header, queryValue, type S3Request } from './s3-request';
import { tagCount } from './tags';
import { notImplemented } from './unserved';

/** Headers that S3 keeps with an object and gives back. They lie beside the user's metadata, behind a colon that no user's name can have. */
const kept = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires'] as const;

const notYet = ['x-amz-website-redirect-location'];

/** Throws S3Error NotImplemented for what would otherwise be quietly ignored. */
export function refuseUnknown(request: S3Request): void {
  const asked = notYet.find((name) => header(request, name) !== null);
  if (asked !== undefined) throw notImplemented(asked);
  const encryption = header(request, 'x-amz-server-side-encryption');
  if (encryption !== null && !['AES256', 'aws:kms', 'aws:kms:dsse'].includes(encryption)) throw new S3Error('InvalidArgument', 'The encryption method specified is not supported');
  if (encryption === 'aws:kms:dsse') throw new S3Error('NotImplemented', 'Dual-layer encryption is not implemented.');
}

const largestMetadata = 2048;

export function metadataOf(request: S3Request): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(request.incoming.headers)) {
    if (!name.startsWith('x-amz-meta-') || typeof value !== 'string') continue;
    metadata[name.slice('x-amz-meta-'.length)] = value;
    size += name.length - 'x-amz-meta-'.length + value.length;
  }
  if (size > largestMetadata) throw new S3Error('InvalidRequest', 'Your metadata headers exceed the maximum allowed metadata size');
  for (const name of kept) {
    const value = name === 'content-encoding' ? contentEncoding(header(request, name)) : header(request, name);
    if (value !== null && value !== '') metadata[`:${name}`] = value;
  }
  return metadata;
}

export function contentTypeOf(request: S3Request): string { return header(request, 'content-type') ?? 'binary/octet-stream'; }

/** aws-chunked is how the body travelled, not what the object is. */
function contentEncoding(value: string | null): string | null {
  return value?.split(',').map((part) => part.trim()).filter((part) => part !== '' && part !== 'aws-chunked').join(', ') ?? null;
}

interface Shown {
  readonly etag: string; readonly contentType: string; readonly userMetadata: Readonly<Record<string, string>>;
  readonly storageClass: string; readonly checksums: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly lock?: Lock;
  readonly restoredUntil?: string;
}

export function objectHeaders(request: S3Request, version: Shown, storedAt: string, wholeBody: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    etag: `"${version.etag}"`, 'last-modified': new Date(storedAt).toUTCString(), 'content-type': version.contentType, 'accept-ranges': 'bytes',
    ...tagCount(version.tags), ...lockHeaders(request, version.lock),
  };
  if (version.restoredUntil !== undefined) {
    Object.assign(headers, { 'x-amz-storage-class': 'GLACIER', 'x-amz-restore': `ongoing-request="false", expiry-date="${new Date(version.restoredUntil).toUTCString()}"` });
  }
  if (version.storageClass === 'ARCHIVE') headers['x-amz-storage-class'] = 'GLACIER';
  for (const [name, value] of Object.entries(version.userMetadata)) headers[name.startsWith(':') ? name.slice(1) : `x-amz-meta-${name}`] = value;
  if (wholeBody && header(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') Object.assign(headers, checksumHeaders(version.checksums));
  for (const name of ['content-type', ...kept]) {
    const override = queryValue(request, `response-${name}`);
    if (override !== null) headers[name] = override;
  }
  return headers;
}

export function checksumHeaders(checksums: Readonly<Record<string, string>>): Record<string, string> {
  const all = Object.entries(checksums);
  const type = all[0] === undefined ? {} : { 'x-amz-checksum-type': typeOf(all[0][1]) };
  return { ...Object.fromEntries(all.map(([name, value]) => [`x-amz-checksum-${name.toLowerCase()}`, value])), ...type };
}

/** As documents have them. */
export function checksumElements(checksums: Readonly<Record<string, string>>): Record<string, string> {
  const all = Object.entries(checksums);
  const type = all[0] === undefined ? {} : { ChecksumType: typeOf(all[0][1]) };
  return { ...Object.fromEntries(all.map(([name, value]) => [`Checksum${name}`, value])), ...type };
}
