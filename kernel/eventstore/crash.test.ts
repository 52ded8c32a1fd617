import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedStore } from './index';
import type { EventStore, RecordedEvent } from './port';

interface Seen {
  /** Ids of an append that was acknowledged. */
  readonly acknowledged: readonly (readonly string[])[];
  /** What the tailing reader was given, in its order. */
  readonly delivered: readonly { readonly position: string; readonly id: string }[];
}

async function killedWhileWriting(directory: string, run: number): Promise<Seen> {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'crash-writer.ts'), directory, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => { printed += chunk.toString(); });
  while (!printed.includes('w ') && child.exitCode === null) await sleep(10);
  await sleep(randomInt(20, 300));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  const lines = printed.split('\n').slice(0, -1).map((line) => line.split(' '));
  return {
    acknowledged: lines.filter(([kind]) => kind === 'w').map(([, ...ids]) => ids),
    delivered: lines.filter(([kind]) => kind === 'r').map(([, position = '', id = '']) => ({ position, id })),
  };
}

async function all(store: EventStore): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of store.readAll('start')) events.push(event);
  return events;
}

/** `CRASH_RUNS=100 npx jest kernel/eventstore/crash` kills as often. */
const runs = Number(process.env['CRASH_RUNS'] ?? 3);

test('after SIGKILL every acknowledged event is there once, in whole appends, on every index, and a tailing reader saw no other', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'oort-crash-'));
  const acknowledged: (readonly string[])[] = [];
  for (let run = 0; run < runs; run += 1) {
    const seen = await killedWhileWriting(directory, run);
    acknowledged.push(...seen.acknowledged);
    if (run % 3 === 1) rmSync(join(directory, 'index'), { recursive: true });
    const store = await openEmbeddedStore({ directory });
    const events = await all(store);
    const ids = new Set(events.map(({ id }) => id));
    expect(ids.size).toBe(events.length);
    expect(acknowledged.flat().filter((id) => !ids.has(id))).toEqual([]);
    expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => BigInt(index)));
    expect(events.length % 3).toBe(0);
    // The reader began at the first event and was given every one once, in the order that the log still has.
    expect(seen.delivered.length).toBeGreaterThan(0);
    expect(seen.delivered).toEqual(events.slice(0, seen.delivered.length).map(({ position, id }) => ({ position: String(position), id })));
    for (let writer = 0; writer < 16; writer += 1) {
      const revisions: bigint[] = [];
      for await (const event of store.read(`crash-${writer}`)) revisions.push(event.revision);
      const own = events.filter(({ stream }) => stream === `crash-${writer}`);
      expect(revisions).toEqual(own.map((_, index) => BigInt(index)));
    }
    await store.close();
  }
  expect(acknowledged.length).toBeGreaterThan(50);
  rmSync(directory, { recursive: true, force: true });
}, runs * 20_000);

describe('a log that is not as it was left', () => {
  const event = (id: string) => ({
    id, type: 'T', data: null, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
  });
  let directory: string;
  let segment: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'oort-torn-'));
    const store = await openEmbeddedStore({ directory });
    await store.append('s-1', 'no-stream', [event('1')]);
    await store.append('s-1', 0n, [event('2'), event('3')]);
    await store.close();
    segment = join(directory, 'log', readdirSync(join(directory, 'log'))[0] ?? '');
  });

  const idsNow = async (): Promise<string[]> => {
    const store = await openEmbeddedStore({ directory });
    const ids = (await all(store)).map(({ id }) => id);
    await store.append('s-2', 'no-stream', [event('next')]);
    expect((await all(store)).map(({ id }) => id)).toEqual([...ids, 'next']);
    await store.close();
    return ids;
  };

  test('an append that was cut in its last event is gone as a whole, though the index knew it', async () => {
    truncateSync(segment, statSync(segment).size - 1);
    expect(await idsNow()).toEqual(['1']);
  });

  test('garbage and zeros behind the last append are cut, and kept beside the log', async () => {
    appendFileSync(segment, Buffer.concat([Buffer.alloc(100), Buffer.from('garbage')]));
    expect(await idsNow()).toEqual(['1', '2', '3']);
    expect(readdirSync(join(directory, 'log')).some((name) => name.startsWith('torn-'))).toBe(true);
  });

  test('space ahead of the last append, as a kill leaves it, is taken back and is nothing torn', async () => {
    const size = statSync(segment).size;
    truncateSync(segment, size + 1024 * 1024);
    expect(await idsNow()).toEqual(['1', '2', '3']);
    expect(readdirSync(join(directory, 'log')).some((name) => name.startsWith('torn-'))).toBe(false);
    expect(statSync(segment).size).toBeLessThan(size + 1024 * 1024);
  });

  test('a lost index is made again', async () => {
    rmSync(join(directory, 'index'), { recursive: true });
    expect(await idsNow()).toEqual(['1', '2', '3']);
  });
});
