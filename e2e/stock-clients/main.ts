// `npm run stock-clients -- --only rclone,restic`: everyday work through the clients that people have, against six nodes and a door.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { credentials } from '../storage-faults/door-process';
import { FaultyPlatform } from '../storage-faults/platform';
import type { StockClient, Workplace } from './client';
import { awscli, rclone, s3cmd } from './command-line';
import { restic, s3fs } from './keepers';
import { awsSdk, minio } from './libraries';

const clients: readonly StockClient[] = [awsSdk, minio, rclone, restic, s3cmd, awscli, s3fs];

interface Line { readonly client: string; readonly version: string; readonly passed: number; readonly failed: number; readonly missing: boolean; readonly ms: number }

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const only = values.only?.split(',');
  const directory = mkdtempSync(join(tmpdir(), 'oort-stock-clients-'));
  const platform = await FaultyPlatform.start(6, 60_000);
  try {
    const lines: Line[] = [];
    for (const [index, client] of clients.entries()) {
      if (only?.includes(client.name) === false) continue;
      const place = { url: platform.url, accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey, directory: join(directory, String(index)) };
      mkdirSync(place.directory);
      lines.push(await tryOut(client, place));
    }
    print(lines);
    process.exitCode = lines.every(({ failed }) => failed === 0) ? 0 : 1;
  } finally {
    await platform.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function tryOut(client: StockClient, place: Workplace): Promise<Line> {
  const version = await client.version();
  if (version === null) return { client: client.name, version: 'not installed', passed: 0, failed: 0, missing: true, ms: 0 };
  const startedAt = performance.now();
  let [passed, failed] = [0, 0];
  for (const task of client.tasks(place)) {
    try {
      await task.run();
      passed += 1;
      process.stdout.write(`ok    ${client.name}: ${task.name}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`FAIL  ${client.name}: ${task.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  return { client: client.name, version, passed, failed, missing: false, ms: performance.now() - startedAt };
}

function print(lines: readonly Line[]): void {
  process.stdout.write('\n| client | version | passed | failed | seconds |\n| --- | --- | --- | --- | --- |\n');
  for (const { client, version, passed, failed, missing, ms } of lines) {
    process.stdout.write(missing ? `| ${client} | missing here | | | |\n` : `| ${client} | ${version} | ${passed} | ${failed} | ${(ms / 1000).toFixed(1)} |\n`);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
});
