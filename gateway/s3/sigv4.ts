// Signature Version 4 as Amazon S3 uses it ("Authenticating Requests: AWS Signature Version 4"): in the Authorization header, in the
// query of a presigned URL, and over the chunks of a streamed body. S3 encodes the path once and does not normalise it.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './s3-error';

export interface S3Credentials { readonly accountId: string; readonly accessKeyId: string; readonly secretAccessKey: string }

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What the chunks of a streamed body are checked with. */
export interface SigningContext { readonly key: Buffer; readonly timestamp: string; readonly scope: string; readonly seed: string }

export interface Authenticated {
  readonly accountId: string;
  /** `x-amz-content-sha256`, or UNSIGNED-PAYLOAD. */
  readonly payloadHash: string;
  readonly signing: SigningContext;
  readonly form: 'none' | 'header' | 'query' | 'post';
  /** As the policies' key s3:signatureversion has it. */
  readonly version: 'AWS4-HMAC-SHA256' | 'AWS' | null;
  /** Milliseconds since 1970. */
  readonly signedAt: number | null;
}

interface Claim {
  readonly accessKeyId: string; readonly date: string; readonly region: string; readonly signedHeaders: readonly string[];
  readonly signature: string; readonly timestamp: string; readonly payloadHash: string; readonly expiresInS: number | null;
}

const algorithm = 'AWS4-HMAC-SHA256';
const longestPresignS = 7 * 24 * 3600;

/** Throws S3Error with the code that S3 answers. */
export function authenticate(
  request: SignedRequest, find: (accessKeyId: string) => S3Credentials | null, now: Date,
): Authenticated {
  const query = queryOf(request.url);
  const claim = request.headers['authorization'] !== undefined ? headerClaim(request) : presignedClaim(request, query);
  const credentials = find(claim.accessKeyId);
  if (credentials === null) throw unknownKey(claim.accessKeyId);
  const signedAt = checkTime(claim, now);
  refuseUnsigned(request, claim);
  const scope = `${claim.date}/${claim.region}/s3/aws4_request`;
  const key = signingKey(credentials.secretAccessKey, claim.date, claim.region);
  const canonical = canonicalRequest(request, query, claim);
  const toSign = [algorithm, claim.timestamp, scope, sha256(canonical)].join('\n');
  const ofBytes = [algorithm, claim.timestamp, scope, sha256(asBytes(canonical))].join('\n');
  if (![toSign, ofBytes].some((text) => equal(hmac(key, text).toString('hex'), claim.signature))) {
    throw mismatch({ accessKeyId: claim.accessKeyId, toSign, signature: claim.signature }, { CanonicalRequest: canonical, CanonicalRequestBytes: bytesOf(canonical) });
  }
  const signing = { key, timestamp: claim.timestamp, scope, seed: claim.signature };
  return { accountId: credentials.accountId, payloadHash: claim.payloadHash, signing, form: claim.expiresInS === null ? 'header' : 'query', version: algorithm, signedAt };
}

export function unknownKey(accessKeyId: string): S3Error {
  return new S3Error('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {}, { AWSAccessKeyId: accessKeyId });
}

/** Headers came as bytes, each of which is a character here. Who writes them as UTF-8 signs these bytes, who writes them as Latin-1 signs
 *  their characters in UTF-8: clients differ, and both mean what came. */
export function asBytes(text: string): Buffer | string {
  const bytes = Buffer.from(text, 'latin1');
  return bytes.toString('latin1') === text ? bytes : text;
}

/** With what the door made of the request, from which whoever signs can see where the two part. */
export function mismatch(
  { accessKeyId, toSign, signature }: { readonly accessKeyId: string; readonly toSign: string; readonly signature: string }, more: Readonly<Record<string, string>> = {},
): S3Error {
  return new S3Error('SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided. Check your key and signing method.', {}, {
    AWSAccessKeyId: accessKeyId, StringToSign: toSign, SignatureProvided: signature, StringToSignBytes: bytesOf(toSign), ...more,
  });
}

function bytesOf(text: string): string { return (Buffer.from(text).toString('hex').match(/../g) ?? []).join(' '); }

/** A header that no one signed could be anyone's: Amazon S3 refuses such of its own. */
function refuseUnsigned({ headers }: SignedRequest, { signedHeaders, expiresInS }: Claim): void {
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !signedHeaders.includes(name) && !(expiresInS !== null && name === 'x-amz-content-sha256'));
  if (unsigned.length > 0) throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {}, { HeadersNotSigned: unsigned.join(', ') });
}

/** One chunk of a streamed body, by its SHA-256: its signature follows from the one before. */
export function chunkSignature({ key, timestamp, scope }: SigningContext, previous: string, digest: string): string {
  return hmac(key, ['AWS4-HMAC-SHA256-PAYLOAD', timestamp, scope, previous, sha256(''), digest].join('\n')).toString('hex');
}

/** `trailers` are `name:value` lines, each ended by a newline. */
export function trailerSignature({ key, timestamp, scope }: SigningContext, previous: string, trailers: string): string {
  return hmac(key, ['AWS4-HMAC-SHA256-TRAILER', timestamp, scope, previous, sha256(trailers)].join('\n')).toString('hex');
}

export function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function headerClaim({ headers }: SignedRequest): Claim {
  const text = headerOf(headers, 'authorization') ?? '';
  const match = /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/s3\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(text);
  if (text.startsWith('AWS4-ECDSA-')) throw new S3Error('NotImplemented', 'Signature Version 4A is not implemented.');
  if (match === null) throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header you provided is invalid.');
  const [, accessKeyId = '', date = '', region = '', signed = '', signature = ''] = match;
  const timestamp = headerOf(headers, 'x-amz-date') ?? compactDate(headerOf(headers, 'date'));
  const payloadHash = headerOf(headers, 'x-amz-content-sha256');
  if (payloadHash === null) throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  return { accessKeyId, date, region, signedHeaders: requireHost(signed.split(';')), signature, timestamp, payloadHash, expiresInS: null };
}

function presignedClaim({ headers }: SignedRequest, query: Query): Claim {
  const value = (name: string): string => query.find(([key]) => key === name)?.[1] ?? '';
  const [accessKeyId, date, region, service, terminator] = value('X-Amz-Credential').split('/');
  const expiresInS = Number(value('X-Amz-Expires'));
  const wellFormed = value('X-Amz-Algorithm') === algorithm && service === 's3' && terminator === 'aws4_request'
    && /^[0-9a-f]{64}$/.test(value('X-Amz-Signature')) && Number.isInteger(expiresInS) && expiresInS >= 1 && expiresInS <= longestPresignS;
  if (!wellFormed || accessKeyId === undefined || date === undefined || region === undefined) {
    throw new S3Error('AuthorizationQueryParametersError', 'The query parameters of the presigned URL are malformed.');
  }
  return {
    accessKeyId, date, region, signedHeaders: requireHost(value('X-Amz-SignedHeaders').split(';')), signature: value('X-Amz-Signature'),
    timestamp: value('X-Amz-Date'), expiresInS,
    payloadHash: query.find(([name]) => name === 'X-Amz-Content-Sha256')?.[1] ?? headerOf(headers, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
  };
}

function requireHost(signedHeaders: readonly string[]): readonly string[] {
  if (!signedHeaders.includes('host')) throw new S3Error('AuthorizationHeaderMalformed', 'The host header must be signed.');
  return signedHeaders;
}

/** When it was signed. */
function checkTime({ timestamp, date, expiresInS }: Claim, now: Date): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  const [, year, month, day, hour, minute, second] = match ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at) || !timestamp.startsWith(date)) throw new S3Error('AccessDenied', 'The request carries no valid date.');
  const age = now.getTime() - at;
  if (expiresInS !== null && age > expiresInS * 1000) throw expired(at + expiresInS * 1000, now, { 'X-Amz-Expires': String(expiresInS) });
  if (age < -skewMs || (expiresInS === null && age > skewMs)) throw skewed(timestamp, now);
  return at;
}

export const skewMs = 15 * 60_000;

export function skewed(requestTime: string, now: Date): S3Error {
  return new S3Error('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', {}, {
    RequestTime: requestTime, ServerTime: toSeconds(now), MaxAllowedSkewMilliseconds: String(skewMs),
  });
}

export function expired(at: number, now: Date, more: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error('AccessDenied', 'Request has expired', {}, { ...more, Expires: toSeconds(new Date(at)), ServerTime: toSeconds(now) });
}

function toSeconds(date: Date): string { return date.toISOString().replace(/\.\d{3}/, ''); }

function canonicalRequest({ method, url, headers }: SignedRequest, query: Query, { signedHeaders, payloadHash }: Claim): string {
  const path = url.split('?', 1)[0] ?? '/';
  const canonicalQuery = query.filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`).join('&');
  const lines = signedHeaders.map((name) => `${name}:${canonicalValue(headers[name])}\n`).join('');
  return [method, uriEncode(decode(path), '/'), canonicalQuery, lines, signedHeaders.join(';'), payloadHash].join('\n');
}

function canonicalValue(value: string | readonly string[] | undefined): string {
  const values = typeof value === 'string' ? [value] : value ?? [];
  return values.map((part) => part.trim().replace(/ +/g, ' ')).join(',');
}

export type Query = readonly (readonly [string, string])[];

/** Decoded pairs in the order they were sent. A plus is a plus: S3 reads queries by RFC 3986, not as forms. */
export function queryOf(url: string): Query {
  const at = url.indexOf('?');
  if (at === -1) return [];
  return url.slice(at + 1).split('&').filter((part) => part !== '').map((part) => {
    const equals = part.indexOf('=');
    return equals === -1 ? [decode(part), ''] as const : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))] as const;
  });
}

/** Throws S3Error InvalidURI for what is not percent-encoded UTF-8. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  }
}

/** RFC 3986 section 2.3: only unreserved characters stay, and what is named. */
export function uriEncode(text: string, keep = ''): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%2F/g, keep === '/' ? '/' : '%2F');
}

/** A key lives for a day; deriving it again for every request would cost four HMACs. */
const keys = new Map<string, Buffer>();

export function signingKey(secret: string, date: string, region: string): Buffer {
  const name = `${secret}/${date}/${region}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = ['s3', 'aws4_request'].reduce((above, part) => hmac(above, part), hmac(hmac(Buffer.from(`AWS4${secret}`), date), region));
  if (keys.size > 1000) keys.clear();
  keys.set(name, key);
  return key;
}

function compactDate(date: string | null): string {
  const at = new Date(date ?? '');
  return Number.isNaN(at.getTime()) ? '' : at.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

export function headerOf(headers: SignedRequest['headers'], name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0] ?? null;
}

function hmac(key: Buffer, text: string): Buffer { return createHmac('sha256', key).update(text).digest(); }

function sha256(bytes: string | Uint8Array): string { return createHash('sha256').update(bytes).digest('hex'); }
