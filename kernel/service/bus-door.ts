// An embedded bus for the other processes of the platform, where there is no Kafka: one message at a time, handed over with the
// answer to the one before. A consumer that does not come back is dropped, and what it had not answered goes to the next.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Poison, type TelemetryBus, type TelemetryMessage } from '@oort/kernel-telemetry';
import { collect, Fault, messageOf } from '@oort/kernel-wire';

export interface BusDoorOptions {
  readonly bus: TelemetryBus;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Whoever knows it reads and writes every topic. */
  readonly key: string;
}

/** What a consumer asks: the next message, telling what became of the one before. */
export interface Next {
  readonly session: string;
  readonly way: 'consume' | 'drain' | 'peek';
  readonly topic: string;
  readonly group: string;
  readonly previous: 'handled' | { readonly code: string; readonly message: string; readonly poison: boolean } | null;
  /** It wants no other. */
  readonly leaves: boolean;
}

/** `wait`: nothing yet, ask again. `done`: drained, so many were handled. */
export type Answer =
  | { readonly kind: 'message'; readonly key: string; readonly offset: string; readonly value: string }
  | { readonly kind: 'wait' }
  | { readonly kind: 'done'; readonly handled: number }
  | { readonly kind: 'failed'; readonly message: string };

class HandlerFailed extends Fault {
  constructor(message: string, code = 'HANDLER_FAILED') { super(code, message); }
}

const holdMs = 10_000;
const forgottenMs = 3 * holdMs;
const largestBodyBytes = 8 * 1024 * 1024;

/** Rejects when the port is taken. */
export async function openBusDoor({ bus, port, host, key }: BusDoorOptions): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sessions = new Map<string, Session>();
  const wanted = digest(key);
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => { json(response, 500, { kind: 'failed', message: messageOf(error) }); });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), wanted)) return json(response, 401, { kind: 'failed', message: 'the key is wrong' });
    const body = await bodyOf(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/publish') {
      await bus.publish(searchParams.get('topic') ?? '', searchParams.get('key') ?? '', body);
      return json(response, 200, { kind: 'done', handled: 0 });
    }
    const next = JSON.parse(body.toString()) as Next;
    const session = sessions.get(next.session) ?? new Session(bus, next, () => { sessions.delete(next.session); });
    sessions.set(next.session, session);
    json(response, 200, await session.next(next));
  }

  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, host, resolve); });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close() {
      for (const session of sessions.values()) session.end();
      server.closeAllConnections();
      return new Promise((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

class Session {
  private readonly stop = new AbortController();
  private settle: { done(): void; failed(error: unknown): void } | null = null;
  private waiting: TelemetryMessage | null = null;
  private outcome: Answer | null = null;
  private wake: () => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(bus: TelemetryBus, { way, topic, group }: Next, private readonly ended: () => void) {
    const handler = (message: TelemetryMessage): Promise<void> => this.take(message);
    const { signal } = this.stop;
    const work = way === 'consume' ? bus.consume(topic, group, handler, signal).then(() => 0) : bus[way](topic, group, handler);
    work.then((handled) => { this.finish({ kind: 'done', handled }); }, (error: unknown) => { this.finish({ kind: 'failed', message: messageOf(error) }); });
  }

  async next({ previous, leaves }: Pick<Next, 'previous' | 'leaves'>): Promise<Answer> {
    clearTimeout(this.timer);
    if (previous !== null && this.settle !== null) {
      const { settle } = this;
      this.settle = null;
      this.waiting = null;
      if (previous === 'handled') settle.done();
      else settle.failed(previous.poison ? new Poison(previous.code, previous.message) : new HandlerFailed(previous.message, previous.code));
    }
    if (leaves) {
      // What was answered is moved on before the signal aborts.
      await new Promise((resolve) => { setImmediate(resolve); });
      this.end();
      return { kind: 'wait' };
    }
    if (this.waiting === null && this.outcome === null) {
      await new Promise<void>((resolve) => {
        const held = setTimeout(resolve, holdMs);
        this.wake = () => { clearTimeout(held); resolve(); };
      });
    }
    this.timer = setTimeout(() => { this.end(); }, forgottenMs).unref();
    if (this.outcome !== null) this.end();
    if (this.waiting !== null) return { kind: 'message', key: this.waiting.key, offset: this.waiting.offset.toString(), value: this.waiting.value.toString('base64') };
    return this.outcome ?? { kind: 'wait' };
  }

  end(): void {
    clearTimeout(this.timer);
    this.stop.abort();
    this.settle?.failed(new HandlerFailed('its consumer is gone'));
    this.wake();
    this.ended();
  }

  private take(message: TelemetryMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.settle = { done: resolve, failed: reject };
      this.waiting = message;
      this.wake();
    });
  }

  private finish(outcome: Answer): void {
    this.outcome = outcome;
    this.wake();
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text.replace(/^Bearer /, '')).digest();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = await collect(request, largestBodyBytes);
  if (body === null) throw new HandlerFailed('the body is too large');
  return body;
}

function json(response: ServerResponse, status: number, value: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
