// `npm run bench -- eventstore --events 1e7`: whether reading slows down and memory grows with the log. The same work at a tenth
// of a million events and at all of them, by CPU time, which other work on the machine changes less; anonymous memory is what a process cannot give back, the pages of files are not in it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore, type EventStore } from '@oort/kernel-eventstore';
import { event } from './event-work';
import { figure, type Figure } from './figure';

const few = 100_000;
const streams = 10_000;
const eventsOfAppend = 100;
const concurrent = 16;
const megabyte = 1024;

interface Part { readonly perCpuSecond: number; readonly anonymousMb: number }
interface AtSize { readonly written: Part; readonly replayed: Part; readonly subscribed: Part }

export async function eventstoreAtSize(events: number): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-'));
  const store = await openEmbeddedStore({ directory });
  try {
    const small = await atSize(store, 0, few);
    const large = await atSize(store, few, events);
    return (['written', 'replayed', 'subscribed'] as const).flatMap((part) => besideFew(part, events, small[part], large[part]));
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function besideFew(part: string, events: number, small: Part, large: Part): readonly Figure[] {
  const at = `${few.toLocaleString('en-US')} events`;
  const name = `${events.toLocaleString('en-US')} events ${part}`;
  return [
    figure({ name, unit: 'events a CPU-second', better: 'higher', ours: large.perCpuSecond, peer: { name: at, value: small.perCpuSecond }, aim: { kind: 'ratio', value: 0.8 } }),
    figure({ name: `${name}, most anonymous memory`, unit: 'MB', better: 'lower', ours: large.anonymousMb, peer: { name: at, value: small.anonymousMb } }),
  ];
}

async function atSize(store: EventStore, from: number, to: number): Promise<AtSize> {
  return {
    written: await measured(to - from, (seen) => write(store, from, to, seen)),
    replayed: await measured(to, async (seen) => {
      for await (const _ of store.readAll('start')) seen();
    }),
    subscribed: await measured(to, async (seen) => {
      const stop = new AbortController();
      for await (const { kind } of store.subscribe({ from: 'start', signal: stop.signal })) {
        if (kind === 'event') seen();
        if (kind === 'caughtUp') stop.abort();
      }
    }),
  };
}

async function measured(events: number, work: (seen: () => void) => Promise<void>): Promise<Part> {
  let [count, most] = [0, 0];
  const before = process.cpuUsage();
  await work(() => {
    count += 1;
    if (count % 10_000 === 0) most = Math.max(most, anonymousMb());
  });
  const { user, system } = process.cpuUsage(before);
  return { perCpuSecond: (events / (user + system)) * 1e6, anonymousMb: most };
}

async function write(store: EventStore, from: number, to: number, seen: () => void): Promise<void> {
  let next = from;
  await Promise.all(Array.from({ length: concurrent }, async () => {
    while (next < to) {
      const append = next / eventsOfAppend;
      next += eventsOfAppend;
      await store.append(`sized-${append % streams}`, 'any', Array.from({ length: eventsOfAppend }, event));
      for (let one = 0; one < eventsOfAppend; one += 1) seen();
    }
  }));
}

/** RssAnon of /proc/self/status (proc(5)), where there is one; else the heap and what lies outside it. */
function anonymousMb(): number {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) / megabyte;
  } catch {
    // Not Linux.
  }
  const { heapTotal, external } = process.memoryUsage();
  return (heapTotal + external) / megabyte / megabyte;
}
