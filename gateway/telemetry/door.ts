// Where agents hand in what they measured and what they made: telemetry envelopes go to the bus, bytes to the content store.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ContentCorrupt, ContentMissing, contentIdOf, type ContentStore } from '@oort/kernel-content';
import type { TelemetryBus } from '@oort/kernel-telemetry';
import { codeOf, collect, newUlid } from '@oort/kernel-wire';
import { provenAsker, type Credentials } from './credentials';
import { publishEnvelopes } from './envelopes';
import { DoorRefused } from './refused';

/** An id is no right to the bytes: it stands in public events. */
export interface ContentRights {
  handedIn(contentId: string, by: string): Promise<void>;
  mayFetch(contentId: string, reader: string): Promise<boolean>;
}

export interface IngestOptions {
  readonly port: number;
  readonly host?: string;
  readonly telemetry: TelemetryBus;
  readonly content: ContentStore;
  readonly access: ContentRights;
  readonly credentials: Credentials;
}

export interface IngestDoor { readonly url: string; close(): Promise<void> }

const largestBatchBytes = 4 * 1024 * 1024;
const largestContentBytes = 64 * 1024 * 1024;
/** Faults that pass by themselves: too few nodes to write to or to read from, a read model that is behind. */
const passing = ['STORAGE_UNAVAILABLE', 'PIECES_UNREACHABLE', 'READ_MODEL_BEHIND'];
const contentPath = /^\/content\/([a-z0-9]{1,100})$/;

export async function openIngestDoor(options: IngestOptions): Promise<IngestDoor> {
  const { port, host = '127.0.0.1' } = options;
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => { refuse(response, error); });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: IngestOptions): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  if (!URL.canParse(url, 'http://localhost')) throw new DoorRefused(400, 'BAD_REQUEST', 'The path cannot be read.');
  const { pathname: path } = new URL(url, 'http://localhost');
  // Rights hang on signatures and tokens in headers, never on cookies: a page of anywhere may ask, as an edge node in a browser does.
  response.setHeader('access-control-allow-origin', '*');
  if (method === 'OPTIONS') return preflight(response);
  if (path === '/health') return json(response, 200, { status: 'ok' });
  if (path === '/telemetry') {
    if (method !== 'POST') throw new DoorRefused(405, 'METHOD_NOT_ALLOWED', 'Telemetry is posted.');
    const published = await publishEnvelopes(await bodyOf(request, largestBatchBytes), options);
    return json(response, 202, { accepted: published, now: options.credentials.now().toISOString() });
  }
  const [, contentId] = contentPath.exec(path) ?? [];
  if (contentId === undefined) throw new DoorRefused(404, 'NOT_FOUND', `Nothing is served at ${path}.`);
  if (method === 'PUT') return keep(request, response, contentId, path, options);
  if (method === 'GET' || method === 'HEAD') return give(request, response, contentId, path, options);
  throw new DoorRefused(405, 'METHOD_NOT_ALLOWED', 'Content is put or got.');
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, PUT, POST, OPTIONS', 'access-control-max-age': '86400',
    'access-control-allow-headers': 'content-type, authorization, x-oort-node, x-oort-time, x-oort-signature',
  }).end();
}

async function keep(request: IncomingMessage, response: ServerResponse, contentId: string, path: string, options: IngestOptions): Promise<void> {
  // Before the body is read, where the proof does not depend on it: strangers get to send us nothing large.
  const bytes = await bodyOf(request, request.headers['x-oort-node'] === undefined && request.headers.authorization === undefined ? 0 : largestContentBytes);
  const by = await provenAsker({ headers: request.headers, method: 'PUT', path, body: bytes }, options.credentials);
  if (contentIdOf(bytes) !== contentId) throw new DoorRefused(422, 'CONTENT_MISMATCH', 'The bytes do not hash to the content id.');
  await options.content.put(bytes);
  await options.access.handedIn(contentId, by);
  json(response, 201, { contentId });
}

async function give(request: IncomingMessage, response: ServerResponse, contentId: string, path: string, options: IngestOptions): Promise<void> {
  const unnamed = request.headers.authorization === undefined && request.headers['x-oort-node'] === undefined;
  // Who does not say who they are gets what is open to all, and is told to say it for anything else.
  const open = unnamed && await options.access.mayFetch(contentId, 'everybody');
  const reader = open ? 'everybody' : await provenAsker({ headers: request.headers, method: request.method ?? 'GET', path, body: Buffer.alloc(0) }, options.credentials);
  // Said as if it were not there: whether it is, is not everybody's business either.
  if (!open && !await options.access.mayFetch(contentId, reader)) throw new ContentMissing(contentId);
  const bytes = await options.content.get(contentId);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length, etag: `"${contentId}"`, 'x-content-type-options': 'nosniff' });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Throws DoorRefused when there is more of it. */
async function bodyOf(request: IncomingMessage, largestBytes: number): Promise<Buffer> {
  const tooLarge = new DoorRefused(largestBytes === 0 ? 401 : 413, largestBytes === 0 ? 'UNAUTHENTICATED' : 'BODY_TOO_LARGE',
    largestBytes === 0 ? 'Sign the request as a node, or send a session.' : `At most ${largestBytes} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > largestBytes) throw tooLarge;
  const body = await collect(request, largestBytes);
  if (body === null) throw tooLarge;
  return body;
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof DoorRefused) return json(response, error.status, { error: { code: error.code, message: error.message } });
  if (error instanceof ContentMissing) return json(response, 404, { error: { code: error.code, message: 'Nothing is kept under this content id.' } });
  const awaited = codeOf(error) ?? '';
  if (passing.includes(awaited)) return json(response, 503, { error: { code: awaited, message: 'This cannot be done just now; try again soon.' } });
  const requestId = newUlid();
  process.stderr.write(`ingest, request ${requestId}: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  const code = error instanceof ContentCorrupt ? error.code : 'INTERNAL_SERVER_ERROR';
  json(response, 500, { error: { code, message: 'Something broke on our side; it is logged under the request id.', requestId } });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  // What is left of a refused body is not read: the connection ends with the answer.
  response.writeHead(status, { 'content-type': 'application/json', ...(status >= 400 ? { connection: 'close' } : {}) }).end(JSON.stringify(value));
}
