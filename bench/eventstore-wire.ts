// A stock client through the wire: events a CPU-second of the server, which on two cores shared with the client says more than time.
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { batchSize, event, writers } from './event-work';
import { figure, type Figure } from './figure';

const appendsOfWriter = 150;
const batches = 60;

export async function eventstoreWireFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-'));
  const server = fork(join(__dirname, 'eventstore-wire-server.ts'), [directory], { execArgv: ['--require', 'tsx/cjs'] });
  const [{ url }] = await once(server, 'message') as [{ readonly url: string }];
  const client = EventStoreDBClient.connectionString(url);
  try {
    const single = await perCpuSecond(server, () => appendSingly(client));
    const batched = await perCpuSecond(server, () => appendBatches(client));
    const read = await perCpuSecond(server, () => readAll(client));
    const events = { unit: 'events a CPU-second of the server', better: 'higher' } as const;
    return [
      figure({ ...events, name: `wire, ${writers} writers`, ours: single, aim: { kind: 'absolute', value: 5_000 } }),
      figure({ ...events, name: `wire, batches of ${batchSize}`, ours: batched, aim: { kind: 'absolute', value: 30_000 } }),
      figure({ ...events, name: 'wire, $all read', ours: read, aim: { kind: 'absolute', value: 30_000 } }),
    ];
  } finally {
    await client.dispose();
    server.disconnect();
    await once(server, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `work` answers how many events it was. */
async function perCpuSecond(server: ChildProcess, work: () => Promise<number>): Promise<number> {
  const before = await cpuOf(server);
  const count = await work();
  return count / ((await cpuOf(server) - before) / 1e6);
}

async function cpuOf(server: ChildProcess): Promise<number> {
  const answered = once(server, 'message') as Promise<[{ readonly cpu: number }]>;
  server.send('cpu');
  const [{ cpu }] = await answered;
  return cpu;
}

function wireEvent() {
  const { type, data, metadata } = event();
  return jsonEvent({ id: randomUUID(), type, data: data as Record<string, string | number>, metadata: { ...metadata } });
}

async function appendSingly(client: EventStoreDBClient): Promise<number> {
  await Promise.all(Array.from({ length: writers }, async (_, writer) => {
    for (let revision = 0; revision < appendsOfWriter; revision += 1) {
      await client.appendToStream(`writer-${writer}`, wireEvent(), { expectedRevision: revision === 0 ? 'no_stream' : BigInt(revision - 1) });
    }
  }));
  return writers * appendsOfWriter;
}

async function appendBatches(client: EventStoreDBClient): Promise<number> {
  for (let batch = 0; batch < batches; batch += 1) await client.appendToStream(`batch-${batch}`, Array.from({ length: batchSize }, wireEvent));
  return batches * batchSize;
}

async function readAll(client: EventStoreDBClient): Promise<number> {
  let count = 0;
  for await (const _ of client.readAll()) count += 1;
  return count;
}
