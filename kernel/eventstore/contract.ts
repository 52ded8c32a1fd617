// What every EventStore must do, as a jest suite that each implementation runs.
import { setTimeout as sleep } from 'node:timers/promises';
import { uuidV5 } from '@oort/kernel-wire';
import { tombstoneType } from './stream';
import type { Delivery, EventStore, EventToAppend, RecordedEvent } from './port';

/** `open` gives an empty store. */
export function eventStoreContract(name: string, open: () => Promise<EventStore>): void {
  describe(`${name} as an event store`, () => {
    let store: EventStore;
    beforeEach(async () => { store = await open(); });
    afterEach(async () => store.close());

    appending(() => store);
    repeating(() => store);
    reading(() => store);
    subscribing(() => store);
  });
}

let made = 0;

function event(type = 'Happened', data: EventToAppend['data'] = { n: made }): EventToAppend {
  const id = uuidV5(`contract/${made += 1}`);
  return { id, type, data, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 } };
}

const events = (count: number, type?: string): EventToAppend[] => Array.from({ length: count }, () => event(type));

async function all(source: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const one of source) found.push(one);
  return found;
}

const ids = (list: readonly EventToAppend[]): string[] => list.map(({ id }) => id);

function appending(store: () => EventStore): void {
  test('events get the next revisions of their stream and the next positions of all', async () => {
    const first = events(2);
    expect(await store().append('one-1', 'no-stream', first)).toEqual({ revision: 1n, position: 1n });
    expect(await store().append('one-2', 'no-stream', events(1))).toEqual({ revision: 0n, position: 2n });
    expect(await store().append('one-1', 1n, events(1))).toEqual({ revision: 2n, position: 3n });
    expect((await all(store().read('one-1'))).map(({ revision, position }) => [revision, position])).toEqual([[0n, 0n], [1n, 1n], [2n, 3n]]);
    expect((await all(store().read('one-1', { limit: 1 })))[0]).toEqual({ ...first[0], stream: 'one-1', revision: 0n, position: 0n });
    expect(await store().head()).toBe(3n);
  });

  test.each([
    ['no-stream', 'new', null], ['any', 'new', null], ['stream-exists', 'new', { expected: 'stream-exists', actual: null }],
    [0n, 'new', { expected: 0n, actual: null }], ['no-stream', 'old', { expected: 'no-stream', actual: 1n }], ['any', 'old', null],
    ['stream-exists', 'old', null], [1n, 'old', null], [0n, 'old', { expected: 0n, actual: 1n }], [2n, 'old', { expected: 2n, actual: 1n }],
  ] as const)('expecting %s of a stream that is %s', async (expected, stream, refusal) => {
    await store().append('s-old', 'no-stream', events(2));
    const appended = store().append(`s-${stream}`, expected, events(1));
    if (refusal === null) expect(await appended).toEqual({ revision: stream === 'old' ? 2n : 0n, position: 2n });
    else await expect(appended).rejects.toMatchObject({ code: 'WRONG_EXPECTED_REVISION', ...refusal });
  });

  test('of many writers that expect the same revision one wins', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => store().append('race-1', 'no-stream', events(1))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await all(store().read('race-1'))).toHaveLength(1);
  });

  test('an append that is too large is refused and nothing of it is kept', async () => {
    const large = event('Large', 'x'.repeat(5 * 1024 * 1024));
    await expect(store().append('large-1', 'no-stream', [event(), large])).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
    expect(await all(store().read('large-1'))).toEqual([]);
    expect(await store().append('large-1', 'no-stream', events(1))).toEqual({ revision: 0n, position: 0n });
  });

  test('under a name that no stream can have nothing lies', async () => {
    expect(await all(store().read('a'.repeat(20_000)))).toEqual([]);
    await expect(store().append('a'.repeat(20_000), 'any', [event('x')])).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
  });

  test('a deleted stream can be neither read nor appended to', async () => {
    await store().append('gone-1', 'no-stream', events(2));
    await store().append('gone-1', 1n, [event(tombstoneType, null)]);
    await expect(all(store().read('gone-1'))).rejects.toMatchObject({ code: 'STREAM_DELETED' });
    await expect(store().append('gone-1', 'any', events(1))).rejects.toMatchObject({ code: 'STREAM_DELETED' });
  });

  test('data comes back as it was, and what the caller changes afterwards does not', async () => {
    const data = { text: 'ü€😀\u0000"\\', deep: [{ n: 0.1 }, null, true], empty: {} };
    const copy = structuredClone(data);
    await store().append('data-1', 'no-stream', [event('Kept', data)]);
    data.deep.length = 0;
    expect((await all(store().read('data-1')))[0]?.data).toEqual(copy);
  });
}

function repeating(store: () => EventStore): void {
  test.each(['no-stream', 'any', 1n] as const)('the same events under the same expected revision (%s) are answered as before and write nothing', async (expected) => {
    if (expected === 1n) await store().append('twice-1', 'no-stream', events(2));
    const batch = events(3);
    const answers = await Promise.all([store().append('twice-1', expected, batch), store().append('twice-1', expected, batch)]);
    await store().append('twice-1', 'any', events(300));
    answers.push(await store().append('twice-1', expected, batch));
    expect(new Set(answers.map(({ revision, position }) => `${revision} ${position}`)).size).toBe(1);
    expect(await all(store().read('twice-1'))).toHaveLength(expected === 1n ? 305 : 303);
  });

  test('half of the same events is a wrong revision, and so are other events', async () => {
    const batch = events(2);
    await store().append('half-1', 'no-stream', batch);
    for (const other of [[...batch.slice(0, 1), event()], [event()]]) {
      await expect(store().append('half-1', 'no-stream', other)).rejects.toMatchObject({ code: 'WRONG_EXPECTED_REVISION', actual: 1n });
    }
  });
}

function reading(store: () => EventStore): void {
  test('a stream forwards and backwards, from a revision, with a limit, over more than a page', async () => {
    const long = events(700);
    await store().append('long-1', 'no-stream', long);
    await store().append('long-2', 'no-stream', events(1));
    expect(ids(await all(store().read('long-1')))).toEqual(ids(long));
    expect(ids(await all(store().read('long-1', { from: 5n, limit: 600 })))).toEqual(ids(long.slice(5, 605)));
    expect(ids(await all(store().read('long-1', { direction: 'backwards' })))).toEqual(ids([...long].reverse()));
    expect(ids(await all(store().read('long-1', { direction: 'backwards', from: 2n, limit: 2 })))).toEqual(ids([...long].reverse().slice(697, 699)));
    expect(await all(store().read('nothing-1'))).toEqual([]);
  });

  test('all streams in one order, from a position, by type and by stream', async () => {
    await store().append('a-1', 'no-stream', events(300, 'A'));
    await store().append('b-1', 'no-stream', events(300, 'B'));
    await store().append('a-2', 'no-stream', events(300, 'A'));
    const positions = async (...args: Parameters<EventStore['readAll']>) => (await all(store().readAll(...args))).map(({ position }) => Number(position));
    const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
    expect(await positions('start')).toEqual(range(0, 900));
    expect(await positions({ after: 298n }, { limit: 4 })).toEqual(range(299, 303));
    expect(await positions('end')).toEqual([]);
    expect(await positions('start', { filter: { types: ['B'] } })).toEqual(range(300, 600));
    expect(await positions({ after: 10n }, { filter: { types: ['A', 'None'] }, limit: 400 })).toEqual([...range(11, 300), ...range(600, 711)]);
    expect(await positions('start', { filter: { streamPrefixes: ['a-2', 'c-'] } })).toEqual(range(600, 900));
    expect(await positions('start', { filter: { streamPrefixes: ['b'], types: ['A'] } })).toEqual([]);
  });
}

function subscribing(store: () => EventStore): void {
  const collect = async (from: Parameters<EventStore['subscribe']>[0]['from'], until: (seen: readonly Delivery[]) => boolean, filter?: { types: string[] }) => {
    const stop = new AbortController();
    const seen: Delivery[] = [];
    for await (const delivery of store().subscribe({ from, signal: stop.signal, ...(filter === undefined ? {} : { filter }) })) {
      seen.push(delivery);
      if (until(seen)) stop.abort();
    }
    return seen;
  };
  const positionsOf = (seen: readonly Delivery[]): bigint[] => seen.flatMap((one) => one.kind === 'event' ? [one.event.position] : []);

  test('what is there, caughtUp, then what comes', async () => {
    await store().append('s-1', 'no-stream', events(2));
    const collecting = collect('start', (seen) => seen.at(-1)?.kind !== 'caughtUp' && positionsOf(seen).length === 4);
    await sleep(20);
    await store().append('s-1', 1n, events(2));
    const seen = await collecting;
    expect(seen.map(({ kind }) => kind)).toEqual(['event', 'event', 'caughtUp', 'event', 'event']);
    expect(seen[2]).toEqual({ kind: 'caughtUp', position: 1n });
    expect(positionsOf(seen)).toEqual([0n, 1n, 2n, 3n]);
  });

  test('from the end and from a position; an empty store is caught up at null', async () => {
    expect(await collect('start', () => true)).toEqual([{ kind: 'caughtUp', position: null }]);
    await store().append('s-1', 'no-stream', events(3));
    expect(positionsOf(await collect({ after: 0n }, (seen) => seen.length === 2))).toEqual([1n, 2n]);
    const fromEnd = collect('end', (seen) => positionsOf(seen).length === 1);
    await store().append('s-1', 2n, events(1));
    expect(positionsOf(await fromEnd)).toEqual([3n]);
  });

  test('what a filter leaves out moves the checkpoint', async () => {
    const collecting = collect('start', (seen) => seen.at(-1)?.kind === 'checkpoint', { types: ['Wanted'] });
    await store().append('s-1', 'no-stream', [event('Wanted'), event('Other')]);
    const seen = await collecting;
    expect(positionsOf(seen)).toEqual([0n]);
    expect(seen.at(-1)).toEqual({ kind: 'checkpoint', position: 1n });
  });

  test('concurrent writers: every subscriber sees every event once, without gaps, in the one order', async () => {
    const total = 40 * 25;
    const subscribers = [0, 1, 2].map(() => collect('start', (seen) => positionsOf(seen).length === total));
    await Promise.all(Array.from({ length: 40 }, async (_, writer) => {
      for (let round = 0; round < 25; round += 1) await store().append(`w-${writer}`, 'any', events(1));
    }));
    const expected = (await all(store().readAll('start'))).map(({ position }) => position);
    expect(expected).toEqual(Array.from({ length: total }, (_, index) => BigInt(index)));
    for (const subscriber of subscribers) expect(positionsOf(await subscriber)).toEqual(expected);
  });

  test('a subscription ends when its signal aborts while it waits, and when the store closes', async () => {
    const stop = new AbortController();
    const ended = (async () => {
      for await (const delivery of store().subscribe({ from: 'start', signal: stop.signal })) void delivery;
    })();
    const other = collect('start', () => false);
    await sleep(10);
    stop.abort();
    await ended;
    await store().close();
    await other;
    await expect(store().append('late-1', 'any', events(1))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
}
