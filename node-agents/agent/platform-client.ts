// The agent's side of the platform's doors. It only ever calls out, so it works behind NAT.
import { setTimeout as sleep } from 'node:timers/promises';
import { contentIdOf } from '@oort/kernel-content';
import { signRequest, type DeviceKey } from '@oort/kernel-identity';
import { batchBytes } from '@oort/kernel-telemetry';
import { Fault, type Json } from '@oort/kernel-wire';
import { keptClock } from './kept-clock';
import { requireNetwork } from './network-switch';
import { TelemetryRefused } from './telemetry/refused';

/** The door did not answer, or not as a door does: worth another try later. */
export class PlatformUnreachable extends Fault {
  constructor(message: string) { super('PLATFORM_UNREACHABLE', message); }
}

/** The door answered with errors: another try would be answered alike. */
export class PlatformRejected extends Fault {
  constructor(message: string, detail: Json = null) { super('PLATFORM_REJECTED', message, detail); }
}

export class ContentUnavailable extends Fault {
  constructor(contentId: string, reason: string) { super('CONTENT_UNAVAILABLE', `no content ${contentId}: ${reason}`, { contentId }); }
}

export interface PlatformClient {
  /** By the platform's clock, as far as its answers told, where the device's is far off. */
  now(): Date;
  /** Throws PlatformUnreachable, PlatformRejected, NetworkOff. Refusals come back as data. */
  graphql<T>(document: string, variables: { readonly [name: string]: Json }, options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number }): Promise<T>;
  fetchContent(contentId: string): Promise<Buffer>;
  storeContent(bytes: Buffer): Promise<string>;
  /** Signed envelopes, all or none. Throws PlatformUnreachable, TelemetryRefused, NetworkOff. */
  sendTelemetry(envelopes: readonly Buffer[]): Promise<{ readonly platformNowMs: number | null }>;
}

export interface PlatformClientOptions {
  /** Where GraphQL listens, without the path. */
  readonly platform: string;
  readonly ingest: string;
  /** The agent's own: where its network switch lies. */
  readonly directory: string;
  readonly key: DeviceKey;
  /** The device's; it may be wrong. */
  clock?(): Date;
  /** Null before the enrolment: then requests are not signed. */
  readonly nodeId: string | null;
}

interface Request { readonly url: string; readonly path: string; readonly method: 'GET' | 'POST' | 'PUT'; readonly body: Buffer; readonly type: string; readonly signal: AbortSignal }

const defaultTimeoutMs = 30_000;
/** A door whose bus has gone answers only when it has tried for a while. */
const telemetryTimeoutMs = 15_000;
const contentAttempts = 5;

export function platformClient({ platform, ingest, directory, key, nodeId, clock = () => new Date() }: PlatformClientOptions): PlatformClient {
  const { now, learn } = keptClock(directory, clock);

  async function request({ url, path, method, body, type, signal }: Request): Promise<Response> {
    requireNetwork(directory);
    const signed = nodeId === null ? {} : signRequest({ nodeId, key, method, path, body, now: now() });
    try {
      const response = await fetch(url, {
        method, signal, headers: { ...signed, ...(method === 'GET' ? {} : { 'content-type': type }) }, ...(method === 'GET' ? {} : { body }),
      });
      learn(response.headers.get('date'));
      return response;
    } catch (error) {
      throw new PlatformUnreachable(`${url}: ${reasonOf(error)}`);
    }
  }

  const content = async (method: 'GET' | 'PUT', contentId: string, body: Buffer): Promise<Buffer> => {
    const path = `/content/${contentId}`;
    for (let attempt = 1; ; attempt += 1) {
      const response = await request({ url: `${ingest}${path}`, path, method, body, type: 'application/octet-stream', signal: AbortSignal.timeout(defaultTimeoutMs) });
      const bytes = Buffer.from(await response.arrayBuffer());
      if (response.ok) return bytes;
      if (response.status < 500 && response.status !== 429 || attempt === contentAttempts) throw new ContentUnavailable(contentId, `status ${response.status}`);
      await sleep(200 * attempt);
    }
  };

  return {
    now,
    async graphql<T>(document: string, variables: { readonly [name: string]: Json }, { signal, timeoutMs = defaultTimeoutMs }: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {}): Promise<T> {
      const body = Buffer.from(JSON.stringify({ query: document, variables }));
      const limit = AbortSignal.timeout(timeoutMs);
      const response = await request({
        url: `${platform}/graphql`, path: '/graphql', method: 'POST', body, type: 'application/json', signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
      const text = await response.text().catch((error: unknown) => { throw new PlatformUnreachable(reasonOf(error)); });
      return dataOf<T>(response.status, text);
    },
    async fetchContent(contentId) {
      const bytes = await content('GET', contentId, Buffer.alloc(0));
      if (contentIdOf(bytes) !== contentId) throw new ContentUnavailable(contentId, 'the bytes do not hash to it');
      return bytes;
    },
    async storeContent(bytes) {
      const contentId = contentIdOf(bytes);
      await content('PUT', contentId, bytes);
      return contentId;
    },
    async sendTelemetry(envelopes) {
      const response = await request({
        url: `${ingest}/telemetry`, path: '/telemetry', method: 'POST', body: batchBytes(envelopes), type: 'application/x-protobuf',
        signal: AbortSignal.timeout(telemetryTimeoutMs),
      });
      const text = await response.text().catch((error: unknown) => { throw new PlatformUnreachable(reasonOf(error)); });
      const { now, error } = answerOf(text);
      if (response.ok) return { platformNowMs: typeof now === 'string' && !Number.isNaN(Date.parse(now)) ? Date.parse(now) : null };
      const said = `telemetry was answered with ${response.status}${error === undefined ? '' : ` ${error.code}`}`;
      // A door that does not know the node, or is short of something, may know better later.
      if (![400, 413, 422].includes(response.status)) throw new PlatformUnreachable(said);
      throw new TelemetryRefused(error?.code ?? String(response.status), said);
    },
  };
}

function answerOf(text: string): { readonly now?: unknown; readonly error?: { readonly code: string } } {
  try {
    const answer = JSON.parse(text) as ReturnType<typeof answerOf> | null;
    return answer ?? {};
  } catch {
    return {};
  }
}

function dataOf<T>(status: number, text: string): T {
  let answer: { readonly data?: T | null; readonly errors?: readonly { readonly message: string }[] };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    throw new PlatformUnreachable(`status ${status} and no JSON`);
  }
  if (answer.errors !== undefined && answer.errors.length > 0) throw new PlatformRejected(answer.errors.map(({ message }) => message).join('; '));
  if (answer.data == null) throw new PlatformUnreachable(`status ${status} and no data`);
  return answer.data;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
