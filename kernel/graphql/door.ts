// One subgraph over HTTP, for the gateway alone: POST / with a passport. Subscriptions are answered as server-sent events, as
// "distinct connections mode" of the GraphQL over SSE protocol has them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GraphQLError } from 'graphql';
import { collect } from '@oort/kernel-wire';
import { openPassport, passportHeader, TakenPassports } from './passport';
import type { Caller, NamedSchema, SourceCall } from './port';
import { asBadInput, maskedMessage, type Log } from './present';
import { SchemaSource } from './schema-source';

export interface ServeSubgraphOptions {
  readonly subgraph: NamedSchema;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Ed25519, hex: whose passports hold. */
  readonly gatewayKey: string;
  readonly log: Log;
  now(): Date;
}

export interface ServedSubgraph { readonly url: string; close(): Promise<void> }

interface Room { readonly source: SchemaSource<Caller>; readonly taken: TakenPassports; readonly options: ServeSubgraphOptions }

/** The gateway's door takes 16 MiB; the planner's own words come on top. */
const largestBodyBytes = 20 * 1024 * 1024;
const heartbeatMs = 15_000;

/** Rejects when the port is taken. */
export async function serveSubgraph(options: ServeSubgraphOptions): Promise<ServedSubgraph> {
  const room: Room = { source: new SchemaSource<Caller>(options.subgraph, options.log), taken: new TakenPassports(), options };
  // A connection that the gateway keeps must not be closed under its next request.
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 }, (request, response) => {
    answer(request, response, room).catch((error: unknown) => {
      options.log(`${options.subgraph.name}: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'INTERNAL_SERVER_ERROR', maskedMessage);
    });
  });
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(options.port, options.host, resolve); });
  return {
    url: `http://${options.host}:${(server.address() as AddressInfo).port}`,
    close() {
      const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      server.closeAllConnections();
      return closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, { source, taken, options }: Room): Promise<void> {
  if (request.url === '/health') return json(response, 200, { status: 'ok', subgraph: options.subgraph.name });
  const body = await collect(request, largestBodyBytes);
  if (body === null) return refuse(response, 413, 'BODY_TOO_LARGE', `A request may have ${largestBodyBytes} bytes.`);
  const header = request.headers[passportHeader];
  const passport = { header: typeof header === 'string' ? header : undefined, audience: options.subgraph.name, body, publicKey: options.gatewayKey, now: options.now() };
  const caller = openPassport(passport, taken);
  if (caller === null) return refuse(response, 401, 'UNAUTHENTICATED', 'Subgraphs answer the gateway only.');
  const context: Caller = { ...caller, gone: leaving(response) };
  // Whoever holds a passport for this body is the gateway, which wrote it.
  const call: SourceCall<Caller> = { ...JSON.parse(body.toString()) as Omit<SourceCall<Caller>, 'context'>, context };
  if (request.headers.accept === 'text/event-stream') return streamed(response, source, call);
  try {
    json(response, 200, await source.execute(call));
  } catch (error) {
    json(response, 200, refusalOf(error));
  }
}

/** Aborts when the connection closes before the answer was written. */
export function leaving(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => { if (!response.writableFinished) gone.abort(); });
  return gone.signal;
}

async function streamed(response: ServerResponse, source: SchemaSource<Caller>, call: SourceCall<Caller>): Promise<void> {
  const send = (event: string, value: unknown): boolean => response.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`);
  let events;
  try {
    events = await source.subscribe(call);
  } catch (error) {
    return json(response, 200, refusalOf(error));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  // Tells the other side's socket, and ours, that somebody is there.
  const heartbeat = setInterval(() => response.write(':\n\n'), heartbeatMs);
  response.once('close', () => {
    // Here too: what waits for its next event may wait for ever.
    clearInterval(heartbeat);
    void events.return?.();
  });
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done === true || response.destroyed) break;
      // A reader that is slower than the events lets them wait in the log, not in memory.
      if (!send('next', value)) await new Promise<void>((resolve) => { response.once('drain', resolve).once('close', resolve); });
    }
    send('complete', null);
    response.end();
  } finally {
    clearInterval(heartbeat);
  }
}

function refusalOf(error: unknown): object {
  if (!(error instanceof GraphQLError)) throw error;
  return { data: null, errors: [asBadInput(error).toJSON()] };
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  json(response, status, { errors: [{ message, extensions: { code } }] });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 413 ? { connection: 'close' } : {}) }).end(JSON.stringify(value));
}
