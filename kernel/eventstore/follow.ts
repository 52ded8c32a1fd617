// Reading a log of everything to its end and on: the same for every store that can give a page synchronously.
import type { Delivery, Filter, From, RecordedEvent } from './port';

export interface Page {
  readonly events: readonly RecordedEvent[];
  /** The last position looked at, matching or not; null when nothing lies behind `after`. */
  readonly scannedTo: bigint | null;
}

export interface Source {
  page(after: bigint | null, filter: Filter | undefined, limit: number): Page;
  head(): bigint | null;
  readonly bell: Bell;
}

/** Rings when events became visible, or the store closed. */
export class Bell {
  private waiting: (() => void)[] = [];
  stopped = false;

  ring(): void {
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  stop(): void {
    this.stopped = true;
    this.ring();
  }

  /** Resolves at the next ring or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.waiting.push(wake);
    });
  }
}

const pageSize = 256;

/** Resolves 'end' at the call, not at the first read, so nothing appended in between is missed. */
export function startOf(source: Source, from: From): bigint | null {
  if (from === 'start') return null;
  return from === 'end' ? source.head() : from.after;
}

export async function* readForward(source: Source, start: bigint | null, filter: Filter | undefined, limit: number): AsyncGenerator<RecordedEvent> {
  let left = limit;
  let after = start;
  while (left > 0) {
    const { events, scannedTo } = source.page(after, filter, Math.min(pageSize, left));
    for (const event of events) yield event;
    left -= events.length;
    if (scannedTo === null) return;
    after = scannedTo;
  }
}

export async function* follow(source: Source, start: bigint | null, filter: Filter | undefined, signal: AbortSignal): AsyncGenerator<Delivery> {
  let after = start;
  let behind = true;
  // Many subscriptions may share a signal: listening to one of our own keeps node from warning of a leak.
  const own = AbortSignal.any([signal]);
  const done = (): boolean => signal.aborted || source.bell.stopped;
  while (!done()) {
    const { events, scannedTo } = source.page(after, filter, pageSize);
    for (const event of events) {
      yield { kind: 'event', event };
      if (done()) return;
    }
    if (scannedTo !== null) {
      after = scannedTo;
      if (events.at(-1)?.position !== scannedTo) yield { kind: 'checkpoint', position: scannedTo };
      behind ||= events.length === pageSize;
      continue;
    }
    if (behind) {
      yield { kind: 'caughtUp', position: after };
      behind = false;
      continue;
    }
    // Nothing can be appended between the empty page and this wait: no await lies between them.
    await source.bell.next(own);
  }
}
