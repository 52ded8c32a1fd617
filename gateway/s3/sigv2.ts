// Signature Version 2, for old clients: in the Authorization header and in the query of a URL that expires.
// Source: Amazon S3 Developer Guide, "Signing and authenticating REST requests (AWS signature version 2)".
import { createHmac } from 'node:crypto';
import { S3Error } from './s3-error';
import { asBytes, equal, expired, headerOf, mismatch, queryOf, skewed, skewMs, unknownKey, type Authenticated, type Query, type S3Credentials, type SignedRequest } from './sigv4';

/** Parameters that are part of what is signed. */
const signed = [
  'accelerate', 'acl', 'analytics', 'cors', 'delete', 'encryption', 'inventory', 'legal-hold', 'lifecycle', 'location', 'logging', 'metrics', 'notification', 'object-lock',
  'ownershipControls', 'partNumber', 'policy', 'policyStatus', 'publicAccessBlock', 'replication', 'requestPayment', 'response-cache-control',
  'response-content-disposition', 'response-content-encoding', 'response-content-language', 'response-content-type', 'response-expires', 'restore', 'retention',
  'select', 'select-type', 'tagging', 'torrent', 'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'website',
];

export function isVersion2({ headers, url }: SignedRequest): boolean {
  return headerOf(headers, 'authorization')?.startsWith('AWS ') ?? queryOf(url).some(([name]) => name === 'AWSAccessKeyId');
}

/** `bucketOfHost`: the bucket where it stands in the host and not in the path. Throws S3Error. */
export function authenticateVersion2(
  request: SignedRequest, bucketOfHost: string | null, find: (accessKeyId: string) => S3Credentials | null, now: Date,
): Authenticated {
  const query = queryOf(request.url);
  const text = headerOf(request.headers, 'authorization');
  const { accessKeyId, signature, date, at } = text === null ? ofQuery(query, now) : ofHeader(request, text, now);
  const credentials = find(accessKeyId);
  if (credentials === null) throw unknownKey(accessKeyId);
  const path = request.url.split('?', 1)[0] ?? '/';
  const toSign = stringToSign(request, path, query, date, bucketOfHost);
  // Some clients sign a bucket without a key as `/bucket/`, whichever way they send it.
  const others = /^\/[^/]+$/.test(path) && bucketOfHost === null ? [stringToSign(request, `${path}/`, query, date, null)] : [];
  const fits = (signed: string | Buffer): boolean => equal(createHmac('sha1', credentials.secretAccessKey).update(signed).digest('base64'), signature);
  if (![toSign, ...others].some((text) => fits(text) || fits(asBytes(text)))) throw mismatch({ accessKeyId, toSign, signature });
  // Bodies have no signatures of their own in this version.
  const payloadHash = headerOf(request.headers, 'x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD';
  if (payloadHash.startsWith('STREAMING-AWS4')) throw new S3Error('InvalidRequest', 'Chunks are signed by Signature Version 4 only.');
  return {
    accountId: credentials.accountId, payloadHash, signing: { key: Buffer.alloc(0), timestamp: '', scope: '', seed: '' },
    form: text === null ? 'query' : 'header', version: 'AWS', signedAt: at,
  };
}

interface Claim { readonly accessKeyId: string; readonly signature: string; /** The date's line of what is signed. */ readonly date: string; readonly at: number | null }

function ofHeader({ headers }: SignedRequest, text: string, now: Date): Claim {
  const [, accessKeyId, signature] = /^AWS ([^:\s]+):([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  if (accessKeyId === undefined || signature === undefined) throw new S3Error('InvalidArgument', 'AWS authorization header is invalid.  Expected AwsAccessKeyId:signature', {}, { ArgumentName: 'Authorization', ArgumentValue: text });
  const amzDate = headerOf(headers, 'x-amz-date');
  const date = amzDate ?? headerOf(headers, 'date') ?? '';
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(at)) throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  if (Math.abs(now.getTime() - at) > skewMs) throw skewed(date, now);
  return { accessKeyId, signature, date: amzDate === null ? date : '', at };
}

function ofQuery(query: Query, now: Date): Claim {
  const value = (name: string): string => query.find(([key]) => key === name)?.[1] ?? '';
  const [accessKeyId, signature, expires] = [value('AWSAccessKeyId'), value('Signature'), value('Expires')];
  if (accessKeyId === '' || signature === '' || expires === '') throw new S3Error('AccessDenied', 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters');
  if (!/^\d{1,12}$/.test(expires)) throw new S3Error('AccessDenied', 'Invalid date (should be seconds since epoch): ' + expires);
  if (now.getTime() > Number(expires) * 1000) throw expired(Number(expires) * 1000, now);
  return { accessKeyId, signature, date: expires, at: null };
}

function stringToSign({ method, headers }: SignedRequest, path: string, query: Query, date: string, bucketOfHost: string | null): string {
  const amz = Object.entries(headers).filter(([name, value]) => name.startsWith('x-amz-') && value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${(typeof value === 'string' ? [value] : value ?? []).map((part) => part.trim()).join(',')}\n`).join('');
  const parameters = query.filter(([name]) => signed.includes(name)).map(([name, value]) => (value === '' ? name : `${name}=${value}`)).sort();
  const resource = `${bucketOfHost === null ? '' : `/${bucketOfHost}`}${path}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
  return [method, headerOf(headers, 'content-md5') ?? '', headerOf(headers, 'content-type') ?? '', date, `${amz}${resource}`].join('\n');
}
