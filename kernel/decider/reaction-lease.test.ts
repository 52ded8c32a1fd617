import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { testPostgres, type TestDatabase } from '@oort/kernel-projection';
import { DataSource } from 'typeorm';
import { runReaction } from './index';

let postgres: TestDatabase;
let databases: DataSource[];
let stops: AbortController[];

beforeEach(async () => {
  postgres = await testPostgres();
  [databases, stops] = [[], []];
});

afterEach(async () => {
  for (const stop of stops) stop.abort();
  await sleep(50);
  for (const database of databases) await database.destroy();
  await postgres.stop();
});

/** As another process would. */
async function process(store: EventStore, react: (stream: string) => Promise<void>): Promise<AbortController> {
  const database = await new DataSource({ type: 'postgres', url: postgres.url, installExtensions: false }).initialize();
  const stop = new AbortController();
  databases.push(database);
  stops.push(stop);
  await runReaction({ name: 'test', store, database, subscribes: ['Counted'], signal: stop.signal, react: (event) => react(event.stream) });
  return stop;
}

async function count(store: EventStore, ...streams: string[]): Promise<void> {
  for (const stream of streams) {
    const metadata = { actor: 'a', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
    await store.append(stream, 'any', [{ id: randomUUID(), type: 'Counted', data: {}, metadata }]);
  }
}

const until = async (holds: () => boolean): Promise<void> => { while (!holds()) await sleep(10); };

test('of two processes one reacts, and the other goes on where it ended', async () => {
  const store = memoryStore();
  const [one, other]: [string[], string[]] = [[], []];
  const stop = await process(store, async (stream) => { one.push(stream); });
  await count(store, 'a');
  await until(() => one.length === 1);
  await process(store, async (stream) => { other.push(stream); });
  await count(store, 'b', 'c');
  await until(() => one.length === 3);
  expect(other).toEqual([]);
  await sleep(50);
  stop.abort();
  await count(store, 'd');
  await until(() => other.length === 1);
  expect([one, other]).toEqual([['a', 'b', 'c'], ['d']]);
});

test('a store restored from an older backup is reacted to from its first event', async () => {
  const store = memoryStore();
  const seen: string[] = [];
  const stop = await process(store, async (stream) => { seen.push(stream); });
  await count(store, 'a', 'b', 'c');
  await until(() => seen.length === 3);
  await sleep(50);
  stop.abort();
  const older = memoryStore();
  await count(older, 'a', 'other', 'third', 'fourth');
  const write = jest.spyOn(globalThis.process.stderr, 'write').mockReturnValue(true);
  await process(older, async (stream) => { seen.push(stream); });
  await until(() => seen.length === 7);
  expect(write.mock.calls.map(([line]) => String(line)).join('')).toContain('starts from the first event');
  write.mockRestore();
  expect(seen).toEqual(['a', 'b', 'c', 'a', 'other', 'third', 'fourth']);
});
