// Appends a second by 64 writers, one event of about 350 bytes each, beside the least that any durable log must do:
// lines in a file, group commit, fdatasync, no index, no revisions. Run: node --require tsx/cjs kernel/eventstore/append-bench.ts
import { randomUUID } from 'node:crypto';
import { fdatasync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore } from './index';
import type { EventToAppend } from './port';

const writers = 64;
const events = Number(process.argv[2] ?? 100_000);
const rounds = 3;

type Append = (stream: string, revision: number, event: EventToAppend) => Promise<unknown>;

function event(): EventToAppend {
  const id = randomUUID();
  const metadata = { actor: 'account_1', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  return { id, type: 'Happened', data: { text: 'z'.repeat(60) }, metadata };
}

interface Cost { readonly perSecond: number; readonly cpuUs: number }

/** The CPU time of all threads is the steadier figure on a machine that others use too. */
async function costOf(append: Append): Promise<Cost> {
  const before = process.cpuUsage();
  const start = process.hrtime.bigint();
  await Promise.all(Array.from({ length: writers }, async (_, writer) => {
    for (let revision = 0; revision < events / writers; revision += 1) await append(`s-${writer}`, revision, event());
  }));
  const perSecond = Math.round(events / (Number(process.hrtime.bigint() - start) / 1e9));
  const { user, system } = process.cpuUsage(before);
  return { perSecond, cpuUs: Number(((user + system) / events).toFixed(1)) };
}

function bareLog(directory: string): Append {
  const file = openSync(join(directory, 'bare'), 'a');
  let waiting: { readonly text: string; readonly done: () => void }[] = [];
  let busy = false;
  const flush = (): void => {
    busy = true;
    setImmediate(() => {
      const group = waiting;
      waiting = [];
      writeSync(file, group.map(({ text }) => text).join(''));
      fdatasync(file, () => {
        for (const { done } of group) done();
        if (waiting.length > 0) flush();
        else busy = false;
      });
    });
  };
  return (stream, revision, one) => new Promise<void>((done) => {
    waiting.push({ text: `${JSON.stringify({ stream, revision, ...one })}\n`, done });
    if (!busy) flush();
  });
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-'));
  for (let round = 0; round < rounds; round += 1) {
    const bare = await costOf(bareLog(directory));
    const store = await openEmbeddedStore({ directory: join(directory, `store-${round}`) });
    const ours = await costOf((stream, revision, one) => store.append(stream, revision === 0 ? 'no-stream' : BigInt(revision - 1), [one]));
    await store.close();
    const ratio = Number((ours.perSecond / bare.perSecond).toFixed(2));
    process.stdout.write(`${JSON.stringify({ bare, embedded: ours, ratio })}\n`);
  }
  rmSync(directory, { recursive: true });
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
