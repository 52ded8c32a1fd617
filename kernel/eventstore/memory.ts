// The port without a disk, for tests: the same answers as the embedded store, gone with the process.
import { Bell, follow, readForward, startOf, type Page, type Source } from './follow';
import { longestName } from './log-index';
import { AppendTooLarge, StoreClosed, StreamDeleted, WrongExpectedRevision } from './faults';
import { mustMatch, passes, tombstoneType } from './stream';
import type { Appended, EventStore, EventToAppend, ExpectedRevision, Filter, RecordedEvent } from './port';

export function memoryStore({ maxAppendBytes = 4 * 1024 * 1024 }: { readonly maxAppendBytes?: number } = {}): EventStore {
  const log = new MemoryLog(maxAppendBytes);
  return {
    async append(stream, expected, events) {
      return log.append(stream, expected, events);
    },
    async* read(stream, { from, limit, direction = 'forwards' } = {}) {
      yield* log.stream(stream, from, limit, direction);
    },
    readAll(from, { filter, limit = Infinity } = {}) {
      return readForward(log, startOf(log, from), filter, limit);
    },
    subscribe({ from, filter, signal }) {
      return follow(log, startOf(log, from), filter, signal);
    },
    async head() {
      return log.head();
    },
    async close() {
      log.bell.stop();
    },
  };
}

class MemoryLog implements Source {
  readonly bell = new Bell();
  private readonly all: RecordedEvent[] = [];
  private readonly streams = new Map<string, RecordedEvent[]>();

  constructor(private readonly maxAppendBytes: number) {}

  append(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Appended {
    if (this.bell.stopped) throw new StoreClosed();
    if (stream.length > longestName) throw new AppendTooLarge(stream.length, longestName);
    const kept = this.streams.get(stream) ?? [];
    if (kept.at(-1)?.type === tombstoneType) throw new StreamDeleted(stream);
    const before = earlierAnswer(stream, kept, expected, events);
    if (before !== null) return before;
    mustMatch(stream, expected, kept.length === 0 ? null : BigInt(kept.length - 1));
    const text = JSON.stringify(events);
    if (text.length > this.maxAppendBytes) throw new AppendTooLarge(text.length, this.maxAppendBytes);
    for (const event of JSON.parse(text) as EventToAppend[]) {
      const recorded = { ...event, stream, revision: BigInt(kept.length), position: BigInt(this.all.length) };
      kept.push(recorded);
      this.all.push(recorded);
    }
    this.streams.set(stream, kept);
    this.bell.ring();
    return { revision: BigInt(kept.length - 1), position: kept.at(-1)?.position ?? -1n };
  }

  stream(name: string, from: bigint | undefined, limit = Infinity, direction: 'forwards' | 'backwards'): readonly RecordedEvent[] {
    const kept = this.streams.get(name) ?? [];
    if (kept.at(-1)?.type === tombstoneType) throw new StreamDeleted(name);
    const start = from === undefined ? undefined : Number(from);
    const chosen = direction === 'forwards' ? kept.slice(start ?? 0) : kept.slice(0, (start ?? kept.length - 1) + 1).reverse();
    return chosen.slice(0, limit);
  }

  page(after: bigint | null, filter: Filter | undefined, limit: number): Page {
    const events: RecordedEvent[] = [];
    let next = after === null ? 0 : Number(after) + 1;
    const first = next;
    for (; next < this.all.length && events.length < limit; next += 1) {
      const event = this.all[next];
      if (event !== undefined && passes(filter, event)) events.push(event);
    }
    return { events, scannedTo: next > first ? BigInt(next - 1) : null };
  }

  head(): bigint | null {
    return this.all.length === 0 ? null : BigInt(this.all.length - 1);
  }
}

/** What the same append was answered, null when it is a new one. */
function earlierAnswer(stream: string, kept: readonly RecordedEvent[], expected: ExpectedRevision, events: readonly EventToAppend[]): Appended | null {
  const first = typeof expected === 'bigint' ? Number(expected) + 1 : expected === 'no-stream' ? 0
    : kept.findIndex((event) => event.id === events[0]?.id);
  if (first < 0 || kept[first] === undefined || kept[first].id !== events[0]?.id) return null;
  const same = events.every((event, index) => kept[first + index]?.id === event.id);
  if (!same) throw new WrongExpectedRevision(stream, expected, BigInt(kept.length - 1));
  const last = kept[first + events.length - 1] ?? kept[first];
  return { revision: last.revision, position: last.position };
}
