// What running jobs print, as it comes: the newest lines of each, in memory, for whoever follows. What stays is the content that the
// result names; this only spares them waiting for it. Lines have numbers, so that what is sent twice is kept once.
import { setTimeout as sleep } from 'node:timers/promises';

export interface LogLine { readonly number: number; readonly text: string }

export interface LogBook {
  /** `first` is the number of the first of the lines. */
  append(jobId: string, attempt: number, first: number, lines: readonly string[]): void;
  /** Marks its end: followers are let go, and its lines after a while. */
  end(jobId: string): void;
  after(jobId: string, number: number): readonly LogLine[];
  /** From there on until the job ends or the signal aborts. */
  follow(jobId: string, number: number, isOver: () => Promise<boolean>): AsyncGenerator<LogLine, void, undefined>;
}

interface Page { attempt: number; lines: LogLine[]; bytes: number; ended: boolean; readonly wake: Set<() => void> }

const mostBytes = 1024 * 1024;
const longestLine = 4096;
const keptMs = 10 * 60_000;
const askAgainMs = 2000;

export function createLogBook(): LogBook {
  const pages = new Map<string, Page>();

  function pageOf(jobId: string): Page {
    const page = pages.get(jobId) ?? { attempt: 0, lines: [], bytes: 0, ended: false, wake: new Set<() => void>() };
    pages.set(jobId, page);
    return page;
  }

  function woken(page: Page): Promise<void> {
    return new Promise((resolve) => {
      const once = (): void => {
        page.wake.delete(once);
        resolve();
      };
      page.wake.add(once);
    });
  }

  const after = (jobId: string, number: number): readonly LogLine[] => (pages.get(jobId)?.lines ?? []).filter((line) => line.number > number);

  return {
    after,
    append(jobId, attempt, first, lines) {
      const page = pageOf(jobId);
      // A new attempt starts anew.
      if (attempt > page.attempt) Object.assign(page, { attempt, lines: [], bytes: 0, ended: false });
      const next = (page.lines.at(-1)?.number ?? 0) + 1;
      lines.forEach((line, index) => {
        const number = first + index;
        if (number < next) return;
        const text = line.slice(0, longestLine);
        page.lines.push({ number, text });
        page.bytes += text.length;
      });
      while (page.bytes > mostBytes) page.bytes -= page.lines.shift()?.text.length ?? 0;
      for (const wake of [...page.wake]) wake();
    },
    end(jobId) {
      const page = pages.get(jobId);
      if (page === undefined) return;
      page.ended = true;
      for (const wake of [...page.wake]) wake();
      setTimeout(() => { if (pages.get(jobId)?.ended === true) pages.delete(jobId); }, keptMs).unref();
    },
    async* follow(jobId, number, isOver) {
      let last = number;
      for (;;) {
        const page = pageOf(jobId);
        const waiting = woken(page);
        // A new attempt counts from 1 again.
        if ((page.lines.at(-1)?.number ?? last) < last) last = 0;
        for (const line of after(jobId, last)) {
          last = line.number;
          yield line;
        }
        if (page.ended || await isOver()) return;
        await Promise.race([waiting, sleep(askAgainMs, undefined, { ref: false })]);
      }
    },
  };
}
