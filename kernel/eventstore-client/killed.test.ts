import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, EventToAppend } from '@oort/kernel-eventstore';
import { uuidV5 } from '@oort/kernel-wire';
import { openEventStoreDb, StoreUnreachable } from './index';

interface Served { readonly process: ChildProcess; readonly url: string; readonly port: number }

const writers = 16;
const appendsOfWriter = 25;
const all = writers * appendsOfWriter;

async function served(directory: string, port: number): Promise<Served> {
  const child = fork(join(__dirname, 'fixture-served-store.ts'), [directory, String(port)], { execArgv: ['--require', 'tsx/cjs'] });
  const [{ url, port: given }] = await once(child, 'message') as [{ readonly url: string; readonly port: number }];
  return { process: child, url, port: given };
}

async function killed({ process: child }: Served): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** As a command does: whether the append was kept is not known, so the same again, by the same id at the same revision. */
async function write(store: EventStore, writer: number): Promise<void> {
  for (let n = 0; n < appendsOfWriter;) {
    try {
      const { revision } = await store.append(`killed-${writer}`, n === 0 ? 'no-stream' : BigInt(n - 1), [happened(writer, n)]);
      expect(revision).toBe(BigInt(n));
      n += 1;
    } catch (error) {
      if (!(error instanceof StoreUnreachable)) throw error;
    }
  }
}

test('the server is killed twice under 16 writers and a reader that follows: nothing is lost, doubled or reordered', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'oort-killed-'));
  let server = await served(directory, 0);
  const store = openEventStoreDb({ connectionString: server.url });
  const stop = new AbortController();
  const seen: { readonly position: bigint; readonly stream: string; readonly revision: bigint; readonly id: string }[] = [];
  const following = (async () => {
    for await (const delivery of store.subscribe({ from: 'start', signal: stop.signal })) {
      if (delivery.kind === 'event') seen.push(delivery.event);
      if (seen.length === all) return;
    }
  })();
  const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(store, writer)));
  for (const after of [all / 4, all / 2]) {
    while (seen.length < after) await sleep(5);
    await killed(server);
    server = await served(directory, server.port);
  }
  await Promise.all([writing, following]);
  const kept: typeof seen = [];
  for await (const event of store.readAll('start')) kept.push(event);
  const short = ({ position, stream, revision, id }: typeof seen[number]) => `${position} ${stream} ${revision} ${id}`;
  expect(seen.map(short)).toEqual(kept.map(short));
  for (let writer = 0; writer < writers; writer += 1) {
    const own = kept.filter(({ stream }) => stream === `killed-${writer}`);
    expect(own.map(({ id }) => id)).toEqual(Array.from({ length: appendsOfWriter }, (_, n) => happened(writer, n).id));
  }
  await store.close();
  server.process.disconnect();
  await once(server.process, 'exit');
  rmSync(directory, { recursive: true, force: true });
});

function happened(writer: number, n: number): EventToAppend {
  const id = uuidV5(`killed/${writer}/${n}`);
  return { id, type: 'Happened', data: { n }, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 } };
}
