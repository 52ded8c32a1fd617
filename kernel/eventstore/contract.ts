// What every EventStore must do, as a jest suite that each implementation runs.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { uuidV5 } from '@oort/kernel-wire';
import { tombstoneType } from './stream';
import type { Appended, Delivery, EventStore, EventToAppend, Filter, From, RecordedEvent } from './port';

export interface ContractOptions {
  /** Others write to the same store, before and meanwhile, and its positions have gaps: what is not ours is passed over.
   *  Otherwise `open` gives an empty store whose positions count from 0. */
  readonly shared?: boolean;
}

export function eventStoreContract(name: string, open: () => Promise<EventStore>, { shared = false }: ContractOptions = {}): void {
  describe(`${name} as an event store`, () => {
    let place: Place;
    beforeEach(async () => { place = await placeOf(await open(), shared); });
    afterEach(async () => place.store.close());

    appending(() => place);
    repeating(() => place);
    reading(() => place);
    subscribing(() => place);
  });
}

/** A store, and the part of it that is this test's. */
interface Place {
  readonly store: EventStore;
  readonly shared: boolean;
  /** A stream's or a type's name as no other test has it. */
  readonly named: (name: string) => string;
  readonly start: From;
  /** What is ours of everything. */
  readonly ours: Filter | undefined;
  /** Positions in an empty store; elsewhere only that they ascend is known. */
  readonly dense: (positions: readonly bigint[]) => readonly bigint[];
}

async function placeOf(store: EventStore, shared: boolean): Promise<Place> {
  const tag = shared ? `t${randomUUID().slice(0, 8)}` : '';
  const head = await store.head();
  return {
    store,
    shared,
    named: (name) => `${tag}${name}`,
    start: shared && head !== null ? { after: head } : 'start',
    ours: shared ? { streamPrefixes: [tag] } : undefined,
    dense(positions) {
      if (!shared) return positions;
      expect([...positions].sort((one, other) => (one < other ? -1 : 1))).toEqual(positions);
      return positions.map((_, index) => BigInt(index));
    },
  };
}

const run = randomUUID();
let made = 0;

function event(type = 'Happened', data: EventToAppend['data'] = { n: made }): EventToAppend {
  const id = uuidV5(`contract/${run}/${made += 1}`);
  return { id, type, data, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 } };
}

const events = (count: number, type?: string): EventToAppend[] => Array.from({ length: count }, () => event(type));

async function all(source: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const one of source) found.push(one);
  return found;
}

const ids = (list: readonly EventToAppend[]): string[] => list.map(({ id }) => id);

/** An append's answer, with its position where positions are known. */
const answered = ({ revision, position }: Appended, { shared }: Place): Partial<Appended> => (shared ? { revision } : { revision, position });

function appending(place: () => Place): void {
  test('events get the next revisions of their stream and the next positions of all', async () => {
    const { store, named, shared, dense } = place();
    const [one, other] = [named('one-1'), named('one-2')];
    const first = events(2);
    const answers = [
      await store.append(one, 'no-stream', first), await store.append(other, 'no-stream', events(1)), await store.append(one, 1n, events(1)),
    ];
    expect(answers.map(({ revision }) => revision)).toEqual([1n, 0n, 2n]);
    expect(dense(answers.map(({ position }) => position))).toEqual(shared ? [0n, 1n, 2n] : [1n, 2n, 3n]);
    const found = await all(store.read(one));
    expect(found.map(({ revision }) => revision)).toEqual([0n, 1n, 2n]);
    expect(dense(found.map(({ position }) => position))).toEqual(shared ? [0n, 1n, 2n] : [0n, 1n, 3n]);
    expect((await all(store.read(one, { limit: 1 })))[0]).toEqual({ ...first[0], stream: one, revision: 0n, position: found[0]?.position });
    expect([found[1]?.position, found[2]?.position]).toEqual([answers[0]?.position, answers[2]?.position]);
    const head = await store.head();
    expect(shared ? head !== null && head >= (answers[2]?.position ?? 0n) : head).toBe(shared ? true : 3n);
  });

  test.each([
    ['no-stream', 'new', null], ['any', 'new', null], ['stream-exists', 'new', { expected: 'stream-exists', actual: null }],
    [0n, 'new', { expected: 0n, actual: null }], ['no-stream', 'old', { expected: 'no-stream', actual: 1n }], ['any', 'old', null],
    ['stream-exists', 'old', null], [1n, 'old', null], [0n, 'old', { expected: 0n, actual: 1n }], [2n, 'old', { expected: 2n, actual: 1n }],
  ] as const)('expecting %s of a stream that is %s', async (expected, stream, refusal) => {
    const { store, named } = place();
    await store.append(named('s-old'), 'no-stream', events(2));
    const appended = store.append(named(`s-${stream}`), expected, events(1));
    if (refusal === null) expect(answered(await appended, place())).toEqual(answered({ revision: stream === 'old' ? 2n : 0n, position: 2n }, place()));
    else await expect(appended).rejects.toMatchObject({ code: 'WRONG_EXPECTED_REVISION', ...refusal });
  });

  test('of many writers that expect the same revision one wins', async () => {
    const { store, named } = place();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => store.append(named('race-1'), 'no-stream', events(1))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await all(store.read(named('race-1')))).toHaveLength(1);
  });

  test('an append that is too large is refused and nothing of it is kept', async () => {
    const { store, named } = place();
    const large = event('Large', 'x'.repeat(5 * 1024 * 1024));
    await expect(store.append(named('large-1'), 'no-stream', [event(), large])).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
    expect(await all(store.read(named('large-1')))).toEqual([]);
    expect(answered(await store.append(named('large-1'), 'no-stream', events(1)), place())).toEqual(answered({ revision: 0n, position: 0n }, place()));
  });

  test('under a name that no stream can have nothing lies', async () => {
    const { store } = place();
    expect(await all(store.read('a'.repeat(20_000)))).toEqual([]);
    await expect(store.append('a'.repeat(20_000), 'any', [event('x')])).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
  });

  test('a deleted stream can be neither read nor appended to', async () => {
    const { store, named } = place();
    await store.append(named('gone-1'), 'no-stream', events(2));
    await store.append(named('gone-1'), 1n, [event(tombstoneType, null)]);
    await expect(all(store.read(named('gone-1')))).rejects.toMatchObject({ code: 'STREAM_DELETED' });
    await expect(store.append(named('gone-1'), 'any', events(1))).rejects.toMatchObject({ code: 'STREAM_DELETED' });
  });

  test('data comes back as it was, and what the caller changes afterwards does not', async () => {
    const { store, named } = place();
    const data = { text: 'ü€😀\u0000"\\', deep: [{ n: 0.1 }, null, true], empty: {} };
    const copy = structuredClone(data);
    await store.append(named('data-1'), 'no-stream', [event('Kept', data)]);
    data.deep.length = 0;
    expect((await all(store.read(named('data-1'))))[0]?.data).toEqual(copy);
  });
}

function repeating(place: () => Place): void {
  test.each(['no-stream', 'any', 1n] as const)('the same events under the same expected revision (%s) are answered as before and write nothing', async (expected) => {
    const { store, named } = place();
    const stream = named('twice-1');
    if (expected === 1n) await store.append(stream, 'no-stream', events(2));
    const batch = events(3);
    const answers = await Promise.all([store.append(stream, expected, batch), store.append(stream, expected, batch)]);
    await store.append(stream, 'any', events(300));
    answers.push(await store.append(stream, expected, batch));
    expect(new Set(answers.map(({ revision, position }) => `${revision} ${position}`)).size).toBe(1);
    expect(await all(store.read(stream))).toHaveLength(expected === 1n ? 305 : 303);
  });

  test('half of the same events is a wrong revision, and so are other events', async () => {
    const { store, named } = place();
    const batch = events(2);
    await store.append(named('half-1'), 'no-stream', batch);
    for (const other of [[...batch.slice(0, 1), event()], [event()]]) {
      await expect(store.append(named('half-1'), 'no-stream', other)).rejects.toMatchObject({ code: 'WRONG_EXPECTED_REVISION', actual: 1n });
    }
  });
}

function reading(place: () => Place): void {
  test('a stream forwards and backwards, from a revision, with a limit, over more than a page', async () => {
    const { store, named } = place();
    const stream = named('long-1');
    const long = events(700);
    await store.append(stream, 'no-stream', long);
    await store.append(named('long-2'), 'no-stream', events(1));
    expect(ids(await all(store.read(stream)))).toEqual(ids(long));
    expect(ids(await all(store.read(stream, { from: 5n, limit: 600 })))).toEqual(ids(long.slice(5, 605)));
    expect(ids(await all(store.read(stream, { direction: 'backwards' })))).toEqual(ids([...long].reverse()));
    expect(ids(await all(store.read(stream, { direction: 'backwards', from: 2n, limit: 2 })))).toEqual(ids([...long].reverse().slice(697, 699)));
    expect(await all(store.read(named('nothing-1')))).toEqual([]);
  });

  test('all streams in one order, from a position, by type and by stream', async () => {
    const { store, named, start, ours } = place();
    const [typeA, typeB] = [named('A'), named('B')];
    const written = [...events(300, typeA), ...events(300, typeB), ...events(300, typeA)];
    await store.append(named('a-1'), 'no-stream', written.slice(0, 300));
    const { position: lastOfB } = await store.append(named('b-1'), 'no-stream', written.slice(300, 600));
    await store.append(named('a-2'), 'no-stream', written.slice(600));
    const found = await all(store.readAll(start, ours === undefined ? {} : { filter: ours }));
    expect(ids(found)).toEqual(ids(written));
    const at = (index: number): From => ({ after: found[index]?.position ?? 0n });
    expect(found[599]?.position).toBe(lastOfB);
    const some = async (...args: Parameters<EventStore['readAll']>) => ids(await all(store.readAll(...args)));
    const filtered = (filter: Filter | undefined, limit?: number) => ({ ...(filter === undefined ? {} : { filter }), ...(limit === undefined ? {} : { limit }) });
    expect(await some(at(298), filtered(ours, 4))).toEqual(ids(written.slice(299, 303)));
    expect(await all(store.readAll(at(298), { limit: 4 }))).toHaveLength(4);
    expect(await some('end', filtered(ours))).toEqual([]);
    expect(await some(start, filtered({ types: [typeB] }))).toEqual(ids(written.slice(300, 600)));
    expect(await some(at(10), filtered({ types: [typeA, 'None'] }, 400))).toEqual(ids([...written.slice(11, 300), ...written.slice(600, 711)]));
    expect(await some(start, filtered({ streamPrefixes: [named('a-2'), named('c-')] }))).toEqual(ids(written.slice(600)));
    expect(await some(start, filtered({ streamPrefixes: [named('b')], types: [typeA] }))).toEqual([]);
  });
}

function subscribing(place: () => Place): void {
  const collect = async (from: From, until: (seen: readonly Delivery[]) => boolean, filter: Filter | undefined = place().ours) => {
    const stop = new AbortController();
    const seen: Delivery[] = [];
    for await (const delivery of place().store.subscribe({ from, signal: stop.signal, ...(filter === undefined ? {} : { filter }) })) {
      seen.push(delivery);
      if (until(seen)) stop.abort();
    }
    return seen;
  };
  const eventsOf = (seen: readonly Delivery[]): RecordedEvent[] => seen.flatMap((one) => one.kind === 'event' ? [one.event] : []);

  test('what is there, caughtUp, then what comes', async () => {
    const { store, named, start, shared } = place();
    const written = events(4);
    const before = await store.append(named('s-1'), 'no-stream', written.slice(0, 2));
    const collecting = collect(start, (seen) => seen.some(({ kind }) => kind === 'caughtUp') && eventsOf(seen).length === 4);
    await sleep(shared ? 500 : 20);
    await store.append(named('s-1'), 1n, written.slice(2));
    const seen = (await collecting).filter(({ kind }) => !shared || kind !== 'checkpoint');
    expect(seen.map(({ kind }) => kind)).toEqual(['event', 'event', 'caughtUp', 'event', 'event']);
    const caughtUp = seen[2]?.kind === 'caughtUp' ? seen[2].position : null;
    expect(shared ? (caughtUp ?? 0n) >= before.position : caughtUp).toBe(shared ? true : before.position);
    expect(ids(eventsOf(seen))).toEqual(ids(written));
  });

  test('from the end and from a position; an empty store is caught up at null', async () => {
    const { store, named, start, shared } = place();
    const caughtUp = (seen: readonly Delivery[]): boolean => seen.at(-1)?.kind === 'caughtUp';
    const empty = await collect(start, caughtUp);
    expect(empty.at(-1)).toMatchObject(shared ? { kind: 'caughtUp' } : { kind: 'caughtUp', position: null });
    expect(eventsOf(empty)).toEqual([]);
    const written = events(4);
    await store.append(named('s-1'), 'no-stream', written.slice(0, 3));
    const [first] = await all(store.read(named('s-1')));
    expect(ids(eventsOf(await collect({ after: first?.position ?? 0n }, (seen) => eventsOf(seen).length === 2)))).toEqual(ids(written.slice(1, 3)));
    const fromEnd = collect('end', (seen) => eventsOf(seen).length === 1);
    await store.append(named('s-1'), 2n, written.slice(3));
    expect(ids(eventsOf(await fromEnd))).toEqual(ids(written.slice(3)));
  });

  test('what a filter leaves out moves the checkpoint', async () => {
    const { store, named, start, shared } = place();
    const wanted = event(named('Wanted'));
    // A database tells it every few hundred events, the embedded store when it comes to rest.
    const others = events(shared ? 2000 : 1, named('Other'));
    const { position } = await store.append(named('s-1'), 'no-stream', [wanted]);
    const past = (seen: readonly Delivery[]): boolean => {
      const last = seen.at(-1);
      return last?.kind === 'checkpoint' && last.position > position;
    };
    const collecting = collect(start, past, { types: [named('Wanted')] });
    const { position: end } = await store.append(named('s-1'), 0n, others);
    const seen = await collecting;
    expect(ids(eventsOf(seen))).toEqual([wanted.id]);
    if (!shared) expect(seen.at(-1)).toEqual({ kind: 'checkpoint', position: end });
  });

  test('concurrent writers: every subscriber sees every event once, without gaps, in the one order', async () => {
    const { store, named, start, ours, dense } = place();
    const total = 40 * 25;
    const subscribers = [0, 1, 2].map(() => collect(start, (seen) => eventsOf(seen).length === total));
    await Promise.all(Array.from({ length: 40 }, async (_, writer) => {
      for (let round = 0; round < 25; round += 1) await store.append(named(`w-${writer}`), 'any', events(1));
    }));
    const expected = await all(store.readAll(start, ours === undefined ? {} : { filter: ours }));
    expect(dense(expected.map(({ position }) => position))).toEqual(Array.from({ length: total }, (_, index) => BigInt(index)));
    for (const subscriber of subscribers) expect(eventsOf(await subscriber)).toEqual(expected);
  });

  test('a subscription ends when its signal aborts while it waits, and when the store closes', async () => {
    const { store, named, start } = place();
    const stop = new AbortController();
    const ended = (async () => {
      for await (const delivery of store.subscribe({ from: start, signal: stop.signal })) void delivery;
    })();
    const other = collect(start, () => false);
    await sleep(10);
    stop.abort();
    await ended;
    await store.close();
    await other;
    await expect(store.append(named('late-1'), 'any', events(1))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
}
