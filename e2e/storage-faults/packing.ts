// `npm run packing-faults -- --rounds 6 --objects 80`: many small objects of any size are written, packed and deleted while the door is killed
// again and again; then three of six nodes are killed. Every byte comes back, packs that became holes go, and nothing stays behind.
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Status } from './door-process';
import { bucket, Load } from './load';
import { FaultyPlatform } from './platform';

/** Longer than any write takes, or the sweep would take what a write has just placed. */
const orphanMs = 15_000;
const longestMs = 120_000;

async function until(platform: FaultyPlatform, what: string, holds: (status: Status) => boolean): Promise<void> {
  const startedAt = Date.now();
  let status = await platform.status();
  for (; !holds(status) && Date.now() - startedAt < longestMs; status = await platform.status()) await sleep(300);
  tell(`${what}: ${holds(status) ? 'yes' : 'NO'} after ${((Date.now() - startedAt) / 1000).toFixed(1)} s; ${JSON.stringify(status)}`);
  if (!holds(status)) process.exitCode = 1;
}

/** Whether it went is not known when the door dies, so from here on it is not expected. */
async function remove(platform: FaultyPlatform, load: Load, keys: readonly string[]): Promise<void> {
  const s3 = platform.client();
  for (const key of keys) {
    load.acknowledged.delete(key);
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })).catch(() => undefined);
  }
  s3.destroy();
}

/** With those whose writer or remover never heard that they are there. */
async function keysIn(platform: FaultyPlatform): Promise<readonly string[]> {
  const s3 = platform.client();
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  s3.destroy();
  return Contents.flatMap(({ Key }) => Key ?? []);
}

/** Until so many more are acknowledged; while the door is away nobody answers. */
async function writeMore(load: Load, objects: number): Promise<void> {
  for (let left = objects; left > 0;) {
    if (await load.put(randomInt(2) === 0 ? randomInt(2_000) : randomInt(65_537)) === null) await sleep(50);
    else left -= 1;
  }
}

async function round(platform: FaultyPlatform, load: Load, objects: number): Promise<void> {
  const old = [...load.acknowledged.keys()].filter(() => randomInt(3) === 0);
  const writing = Promise.all([
    writeMore(load, objects),
    remove(platform, load, old),
  ]);
  for (let kills = 0; kills < 3; kills += 1) {
    await sleep(randomInt(300, 2_500));
    await platform.killDoor();
    await platform.startDoor();
  }
  await writing;
}

async function allComeBack(load: Load, when: string): Promise<void> {
  const lost = await load.readAll();
  tell(`${when}: ${load.acknowledged.size - lost.length} of ${load.acknowledged.size} objects come back`);
  if (lost.length > 0) process.exitCode = 1;
}

function tell(line: string): void { process.stdout.write(`${line}\n`); }

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '6' }, objects: { type: 'string', default: '80' } } });
  Object.assign(process.env, { OORT_PACKING_AGE_SECONDS: '0.5', OORT_PACKING_MIB: '0.25' });
  const platform = await FaultyPlatform.start(6, orphanMs);
  try {
    const load = new Load(platform, [1024]);
    const s3 = platform.client();
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    s3.destroy();
    for (let count = 1; count <= Number(values.rounds); count += 1) {
      await round(platform, load, Number(values.objects));
      await allComeBack(load, `round ${count}, the door killed three times`);
    }
    await until(platform, 'nearly all is packed', ({ packing }) => packing.packs > 0 && packing.looseBytes < 256 * 1024);
    for (const index of [0, 2, 5]) await platform.killNode(index);
    await allComeBack(load, 'three of six nodes killed');
    for (const index of [0, 2, 5]) await platform.startNode(index);
    await until(platform, 'all pieces are in their places, and nothing else is anywhere', ({ weak, orphans, missing }) => weak + orphans + missing === 0);
    await remove(platform, load, await keysIn(platform));
    await until(platform, 'everything deleted: no pack and no piece is left', ({ packing, orphans }) => packing.packs + packing.segments + packing.loose + orphans === 0);
    const { written, wrong } = load.tally;
    for (const line of wrong) tell(`  ${line}`);
    if (wrong.length > 0) process.exitCode = 1;
    tell(`${process.exitCode === 1 ? 'BROKEN' : 'holds'}: ${written} objects acknowledged, ${wrong.length} wrong answers`);
  } finally {
    await platform.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
});
