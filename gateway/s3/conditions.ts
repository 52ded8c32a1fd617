import type { StoredPart } from '@oort/schema/events/storage';
import { S3Error } from './s3-error';
import { header, type S3Request } from './s3-request';

interface Validators { readonly etag: string; readonly storedAt: string; readonly userMetadata?: Readonly<Record<string, string>> }

/** RFC 9110 section 13.2.2, in its order of precedence. Throws S3Error PreconditionFailed, NotModified. */
export function checkReadConditions(request: S3Request, validators: Validators, prefix = ''): void {
  const { etag, storedAt } = validators;
  const at = Math.floor(Date.parse(storedAt) / 1000) * 1000;
  const ifMatch = header(request, `${prefix}if-match`);
  const ifNoneMatch = header(request, `${prefix}if-none-match`);
  const unmodifiedSince = dateOf(header(request, `${prefix}if-unmodified-since`));
  const modifiedSince = dateOf(header(request, `${prefix}if-modified-since`));
  const failed = new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  // A copy's conditions on its source are never "not modified".
  const unchanged = prefix === '' ? new S3Error('NotModified', 'Not Modified', refreshing(validators)) : failed;
  if (ifMatch !== null) {
    if (!matches(ifMatch, etag)) throw failed;
  } else if (unmodifiedSince !== null && at > unmodifiedSince) throw failed;
  if (ifNoneMatch !== null) {
    if (matches(ifNoneMatch, etag)) throw unchanged;
  } else if (modifiedSince !== null && at <= modifiedSince) throw unchanged;
}

/** What a cache goes on with (RFC 9110, section 15.4.5). */
function refreshing({ etag, storedAt, userMetadata = {} }: Validators): Readonly<Record<string, string>> {
  const kept = ['cache-control', 'expires'].flatMap((name) => { const value = userMetadata[`:${name}`]; return value === undefined ? [] : [[name, value] as const]; });
  return { etag: `"${etag}"`, 'last-modified': new Date(storedAt).toUTCString(), ...Object.fromEntries(kept) };
}

/** For a write: what the object of the key must be. */
export function writeCondition(request: S3Request): { readonly ifMatch?: string; readonly ifNoneMatch?: string } {
  const ifMatch = header(request, 'if-match');
  const ifNoneMatch = header(request, 'if-none-match');
  if (ifNoneMatch !== null && ifNoneMatch.trim() !== '*') throw new S3Error('NotImplemented', 'A conditional write takes If-None-Match: * only.');
  return { ...(ifMatch === null ? {} : { ifMatch: unquoted(ifMatch) }), ...(ifNoneMatch === null ? {} : { ifNoneMatch: '*' }) };
}

function matches(list: string, etag: string): boolean {
  return list.split(',').map(unquoted).some((candidate) => candidate === '*' || candidate === etag);
}

export function unquoted(etag: string): string {
  return etag.trim().replace(/^W\//, '').replace(/^"(.*)"$/, '$1');
}

function dateOf(text: string | null): number | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : at;
}

/** Where a part lies in its object; one that was not put in parts has one. Null for what has no bytes. Throws S3Error InvalidRequest,
 *  InvalidArgument, InvalidPartNumber. */
export function partRange(partNumber: string, range: string | null, { sizeBytes, parts }: { readonly sizeBytes: number; readonly parts?: readonly StoredPart[] }): Range | null {
  if (range !== null) throw new S3Error('InvalidRequest', 'Cannot specify both Range header and partNumber query parameter');
  if (!/^\d{1,5}$/.test(partNumber) || Number(partNumber) < 1 || Number(partNumber) > 10_000) throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  const place = Number(partNumber) - 1;
  const sizes = parts?.map((part) => part.sizeBytes) ?? [sizeBytes];
  const size = sizes[place];
  if (size === undefined) throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable');
  if (size === 0) return null;
  const start = sizes.slice(0, place).reduce((sum, each) => sum + each, 0);
  return { start, end: start + size };
}

export interface Range { readonly start: number; /** Exclusive. */ readonly end: number }

/** RFC 9110 section 14.2 with one range; a header of another shape, or several ranges, selects everything. Throws S3Error InvalidRange. */
export function rangeOf(text: string | null, sizeBytes: number): Range | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return null;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return null;
  if (start >= sizeBytes || start >= end) throw unsatisfiable(text ?? '', sizeBytes);
  return { start, end };
}

function unsatisfiable(range: string, sizeBytes: number): S3Error {
  return new S3Error('InvalidRange', 'The requested range is not satisfiable', { 'content-range': `bytes */${sizeBytes}` }, { RangeRequested: range, ActualObjectSize: String(sizeBytes) });
}

/** Of a part that is copied: both ends, and within the source, since another part than was asked for would be a damaged object (Amazon S3 API
 *  Reference, UploadPartCopy). Throws S3Error InvalidArgument, InvalidRange. */
export function copyRangeOf(text: string | null, sizeBytes: number): Range | null {
  if (text === null) return null;
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) {
    throw new S3Error('InvalidArgument', 'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy');
  }
  if (Number(last) >= sizeBytes) throw new S3Error('InvalidRange', `Range specified is not valid for source object of size: ${sizeBytes}`);
  return { start: Number(first), end: Number(last) + 1 };
}
