import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObjectStore, PresentBucket } from '@oort/subgraphs-storage';
import { S3Error } from './s3-error';
import type { Admitted } from './access/admission';
import type { BucketDefaults } from './access/bucket-rules';
import type { Identities } from './access/identities';
import { decode, type Authenticated, type Query, type S3Credentials } from './sigv4';

/** One authenticated request, with what every operation needs. */
export interface S3Request {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly objects: ObjectStore;
  readonly auth: Authenticated;
  readonly identities: Identities;
  readonly bucketDefaults: BucketDefaults;
  /** For signatures that stand in a body. */
  findS3Key(accessKeyId: string): S3Credentials | null;
  /** The bucket that the request addresses, once it was found that the request may. */
  readonly admitted: Admitted | null;
  readonly requestId: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Query;
  now(): Date;
}

export function queryValue({ query }: Pick<S3Request, 'query'>, name: string): string | null {
  return query.find(([key]) => key === name)?.[1] ?? null;
}

export function header({ incoming }: Pick<S3Request, 'incoming'>, name: string): string | null {
  const value = incoming.headers[name];
  return typeof value === 'string' ? value : value?.[0] ?? null;
}

/** Whose the bucket is, which a change to it must say, and who asks. */
export function parties({ admitted, auth }: Pick<S3Request, 'admitted' | 'auth'>): { readonly accountId: string; readonly actor: string } {
  return { accountId: admitted?.state.accountId ?? auth.accountId, actor: auth.accountId };
}

const longestKeyBytes = 1024;

/** Path style `/bucket/key`, or virtual-host style where the host is `bucket.<door's own name>`. Throws S3Error. */
export function addressOf(url: string, host: string, domains: readonly string[]): { readonly bucket: string; readonly key: string; /** The bucket stood in the host. */ readonly virtual: boolean } {
  const path = decode(url.split('?', 1)[0] ?? '/');
  if (!path.startsWith('/') || url.includes('%00')) throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const domain = domains.find((candidate) => name.endsWith(`.${candidate}`));
  const whole = domain === undefined ? path : `/${name.slice(0, -domain.length - 1)}${path}`;
  const slash = whole.indexOf('/', 1);
  const bucket = slash === -1 ? whole.slice(1) : whole.slice(1, slash);
  const key = slash === -1 ? '' : whole.slice(slash + 1);
  if (Buffer.byteLength(key) > longestKeyBytes) throw new S3Error('KeyTooLongError', 'Your key is too long');
  return { bucket, key, virtual: domain !== undefined };
}

export function sendXml({ response }: Pick<S3Request, 'response'>, status: number, xml: string, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = Buffer.from(xml);
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': bytes.length, ...headers }).end(bytes);
}

export function sendEmpty({ response }: Pick<S3Request, 'response'>, status: number, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, status === 204 || status === 304 ? headers : { 'content-length': 0, ...headers }).end();
}

/** What was admitted. Else throws S3Error NoSuchBucket, or AccessDenied for another's. */
export async function requireBucket({ objects, auth, bucket, admitted }: Pick<S3Request, 'objects' | 'auth' | 'bucket' | 'admitted'>): Promise<PresentBucket> {
  if (admitted?.bucket === bucket) return admitted.state;
  const present = await objects.bucket(bucket);
  if (present === null) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist');
  if (present.accountId !== auth.accountId) throw new S3Error('AccessDenied', 'Access Denied');
  return present;
}
