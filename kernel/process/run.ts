// A process of the platform: it says in one line of JSON that it is ready, and ends in order on SIGTERM, on Ctrl-C, and when
// whoever started it over a channel is gone, so that a killed supervisor leaves nobody behind.
import { setMaxListeners } from 'node:events';
import { messageOf, type Json } from '@oort/kernel-wire';
import { lineOf } from './line-of';
import { Settings } from './settings';

export interface Running {
  /** What the ready line tells beside the name. */
  readonly told: Readonly<Record<string, Json>>;
  /** After the signal of `open` was aborted. */
  close(): Promise<unknown>;
}

const graceMs = 8_000;

export function readyLine(told: Readonly<Record<string, Json>>): string {
  return `${JSON.stringify({ ready: true, ...told })}\n`;
}

/** Never resolves before the process shall end; what `open` throws is told in one line, and the process ends with 1. */
export function runProcess(name: string, open: (settings: Settings, stop: AbortController) => Promise<Running>): void {
  const stop = new AbortController();
  // Every loop listens to it: that is no leak.
  setMaxListeners(0, stop.signal);
  const fail = (error: unknown): void => {
    process.stderr.write(`${name}: ${lineOf(error)}\n`);
    process.exit(1);
  };
  process.on('unhandledRejection', (reason) => {
    // What was under way when it was told to stop may fail; nobody waits for it.
    if (stop.signal.aborted) return;
    process.stderr.write(`${name}: ${reason instanceof Error ? reason.stack ?? reason.message : messageOf(reason)}\n`);
    process.exit(1);
  });
  const opening = open(new Settings(process.env), stop);
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    stop.abort();
    setTimeout(() => { process.exit(1); }, graceMs).unref();
    opening.then((running) => running.close()).then(() => { process.exit(0); }, fail);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, end);
  stop.signal.addEventListener('abort', end);
  opening.then(({ told }) => { process.stdout.write(readyLine({ name, ...told })); }, fail);
}
