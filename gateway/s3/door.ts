// The S3 door: HTTP in front of the object store. A request is authenticated before its body is read.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { newUlid } from '@oort/kernel-wire';
import type { ObjectStore } from '@oort/subgraphs-storage';
import { admit, hidden } from './access/admission';
import { safeDefaults, type BucketDefaults } from './access/bucket-rules';
import { platformIdentities, type Identities } from './access/identities';
import { whoAsks } from './authenticate';
import { answerBrokenHttp } from './broken-http';
import { corsHeaders, preflight } from './cors';
import { Pressure, type PressureLimits } from './pressure';
import { operationOf } from './routes';
import { errorOf, S3Error } from './s3-error';
import { addressOf, type S3Request } from './s3-request';
import { queryOf, type S3Credentials } from './sigv4';
import { errorDocument } from './xml';

export interface S3DoorOptions {
  readonly objects: ObjectStore;
  findS3Key(accessKeyId: string): S3Credentials | null;
  /** Default: accounts are called by their ids. */
  readonly identities?: Identities;
  /** Default: lists do not count and the public is kept out, as Amazon S3 has it. */
  readonly bucketDefaults?: BucketDefaults;
  /** 0 takes any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: `defaultLimits`. */
  readonly limits?: PressureLimits;
  /** Host names whose sub-domains are buckets; path style always works. Default: localhost. */
  readonly domains?: readonly string[];
  now(): Date;
}

export interface S3Door {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Rejects when the port is taken. */
export async function openS3Door(options: S3DoorOptions): Promise<S3Door> {
  const { host = '127.0.0.1' } = options;
  // A large body may take as long as it takes.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000, noDelay: true, maxHeaderSize: 32 * 1024, requireHostHeader: false });
  const pressure = new Pressure(options.limits);
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => { void answerInTurn(pressure, options, incoming, response); };
  server.on('request', handle).on('checkContinue', handle).on('checkExpectation', handle);
  answerBrokenHttp(server, () => newUlid(options.now()));
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(options.port, host, resolve); });
  return { url: `http://${host}:${portOf(server)}`, close: () => closeServer(server) };
}

async function answerInTurn(pressure: Pressure, options: S3DoorOptions, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const requestId = newUlid(options.now());
  response.setHeader('x-amz-request-id', requestId);
  try {
    const place = await pressure.enter(incoming, response);
    if (place === null) return;
    await answer(options, incoming, response, requestId).finally(() => { place.leave(); });
  } catch (error) {
    refuse(incoming, response, error, requestId);
  }
}

async function answer(options: S3DoorOptions, incoming: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
  const { method = 'GET', headers } = incoming;
  const url = originForm(incoming.url ?? '/');
  try {
    if (headers.host === undefined && incoming.httpVersion === '1.1') throw new S3Error('BadRequest', 'A request has a Host header (RFC 9112, section 3.2).');
    const { bucket, key, virtual } = addressOf(url, headers.host ?? '', options.domains ?? ['localhost']);
    const asked = { incoming, objects: options.objects, bucket };
    if (method === 'OPTIONS') {
      response.writeHead(200, { 'content-length': 0, ...await preflight(asked) }).end();
      return void incoming.resume();
    }
    for (const [name, value] of Object.entries(await corsHeaders(asked, method))) response.setHeader(name, value);
    const auth = whoAsks({ method, url, headers }, virtual ? bucket : null, (accessKeyId) => options.findS3Key(accessKeyId), options.now());
    const { objects, identities = platformIdentities, bucketDefaults = safeDefaults } = options;
    await perform({
      incoming, response, objects, auth, identities, bucketDefaults, findS3Key: (accessKeyId) => options.findS3Key(accessKeyId), admitted: null, requestId, method, bucket, key, query: queryOf(url), now: () => options.now(),
    });
    // What an operation did not want of a body goes, so that the connection can be used again.
    incoming.resume();
  } catch (error) {
    refuse(incoming, response, error, requestId);
  }
}

/** A server takes targets in absolute form too, as they were sent to a proxy (RFC 9112, section 3.2.2). */
function originForm(target: string): string {
  const path = /^https?:\/\/[^/?]*(.*)$/is.exec(target)?.[1];
  if (path === undefined) return target;
  return path.startsWith('/') ? path : `/${path}`;
}

async function perform(request: S3Request): Promise<void> {
  const operation = operationOf(request);
  const admitted = { ...request, admitted: await admit(request) };
  try {
    await operation(admitted);
  } catch (error) {
    throw await hidden(admitted, error);
  }
}

function refuse(incoming: IncomingMessage, response: ServerResponse, error: unknown, requestId: string): void {
  // The reader left, or half of a body is out: only the end of the connection can say that it went wrong.
  if (response.headersSent || response.destroyed) return void response.destroy();
  const { s3Code, status, message, headers, details } = errorOf(error);
  // A body that nobody reads would stand before the next request.
  if (!incoming.complete) response.setHeader('connection', 'close');
  if (error instanceof S3Error && s3Code === 'NotModified') return void response.writeHead(304, headers).end();
  const body = Buffer.from(errorDocument(s3Code, message, details, (incoming.url ?? '/').split('?', 1)[0] ?? '/', requestId));
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length, ...headers });
  response.end(incoming.method === 'HEAD' ? undefined : body);
  incoming.resume();
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
