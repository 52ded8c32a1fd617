// One call of a service outside, with patience: what is busy or broken for a moment is asked again, later each time, and as late as it asks.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@oort/kernel-wire';
import { ArchiveServiceFailed, ArchiveUnpaid } from './faults';

export interface ServiceOptions {
  /** Recorded with what goes wrong. */
  readonly backend: string;
  /** Default: 5. */
  readonly attempts?: number;
  /** Before the second attempt; twice as long before each further one. Default: 500. */
  readonly pauseMs?: number;
  /** For one answer, with its body. Default: two minutes. */
  readonly answerMs?: number;
}

export interface ServiceCall {
  readonly url: URL;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Besides 2xx these are answers too. */
  readonly accepts?: readonly number[];
  /** More is not read. Default: 1 MiB. */
  readonly mostBytes?: number;
}

export interface ServiceAnswer { readonly status: number; readonly location: string | null; readonly body: Buffer }

const longestPauseMs = 60_000;

/** Throws ArchiveServiceFailed, ArchiveUnpaid. */
export async function callService(options: ServiceOptions, call: ServiceCall): Promise<ServiceAnswer> {
  const { backend, attempts = 5, pauseMs = 500 } = options;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await callOnce(options, call).catch((error: unknown) => ({ failed: new ArchiveServiceFailed(backend, null, reasonOf(error)) }));
    if (!('failed' in answer) && (isFine(answer.status) || call.accepts?.includes(answer.status) === true)) return answer;
    if (!('failed' in answer) && answer.status === 402) throw new ArchiveUnpaid(backend, detailOf(answer.body));
    const fault = 'failed' in answer ? answer.failed : new ArchiveServiceFailed(backend, answer.status, detailOf(answer.body));
    const passes = 'failed' in answer || answer.status === 429 || answer.status === 408 || answer.status >= 500;
    if (!passes || attempt >= attempts) throw fault;
    await delay(Math.min(longestPauseMs, Math.max('failed' in answer ? 0 : answer.retryAfterMs, pauseMs * 2 ** (attempt - 1))));
  }
}

/** Asks until the answer is there; `ready` gives null while it is not. Throws ArchiveServiceFailed. */
export async function untilReady<T>(options: ServiceOptions & { readonly pollMs: number; readonly longestMs: number }, ask: () => Promise<T | null>, what: string): Promise<T> {
  const begin = Date.now();
  for (;;) {
    const ready = await ask();
    if (ready !== null) return ready;
    if (Date.now() - begin >= options.longestMs) throw new ArchiveServiceFailed(options.backend, null, `${what} took longer than ${options.longestMs} ms`);
    await delay(options.pollMs);
  }
}

export function jsonOf({ body }: Pick<ServiceAnswer, 'body'>): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

async function callOnce({ answerMs = 120_000 }: ServiceOptions, { url, method = 'GET', headers = {}, body, mostBytes = 1024 * 1024 }: ServiceCall): Promise<ServiceAnswer & { readonly retryAfterMs: number }> {
  const answer = await fetch(url, { method, headers, body: body ?? null, signal: AbortSignal.timeout(answerMs) });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    // What is longer than it can be is not what was asked for; the caller finds it cut.
    if (size > mostBytes) break;
    parts.push(part);
  }
  const seconds = Number(answer.headers.get('retry-after') ?? '0');
  return { status: answer.status, location: answer.headers.get('location'), body: Buffer.concat(parts), retryAfterMs: Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 0 };
}

/** `fetch` says why only in the cause. */
function reasonOf(error: unknown): string {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? `: ${messageOf(error.cause)}` : '';
  return `${messageOf(error)}${cause}`;
}

function isFine(status: number): boolean { return status >= 200 && status < 300; }

function detailOf(body: Buffer): string { return body.toString('utf8', 0, 300).trim(); }
