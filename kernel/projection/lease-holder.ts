// For lease.test.ts: a process that takes a lease, says so, and then moves a counter as fast as it may.
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { holdsLease, leaseTiming, takeLease } from './lease';

async function main(url: string): Promise<void> {
  // Only death lets go: what the test sees at once is not a renewal that came late.
  leaseTiming.stalledMs = 600_000;
  const database = await new DataSource({ type: 'postgres', url, installExtensions: false }).initialize();
  for (;;) {
    const lease = await takeLease(database, 'work', new AbortController().signal);
    if (lease === null) return;
    process.stdout.write(`took ${lease.epoch}\n`);
    while (!lease.lost.aborted) {
      const moved: unknown[] = await database.query(
        `WITH moved AS (UPDATE counter SET by_epoch = by_epoch || $2::bigint WHERE ${holdsLease('$1', '$2')} RETURNING 1) SELECT FROM moved`, ['work', lease.epoch]);
      if (moved.length === 0) break;
      await sleep(5);
    }
    process.stdout.write(`lost ${lease.epoch}\n`);
    await lease.release();
  }
}

void main(process.argv[2] ?? '');
