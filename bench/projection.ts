// Catch-up of real projections: the jobs and the stored objects of the platform, from the embedded store's log into PostgreSQL as it runs in production
// (flushed commits), beside the same code with one event in a transaction. CPU is that of this process and of PostgreSQL.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore, type EventStore, type EventToAppend } from '@oort/kernel-eventstore';
import { createDatabase, openReadModels, startPostgres, type Projection } from '@oort/kernel-projection';
import type { Json } from '@oort/kernel-wire';
import { jobsProjection } from '@oort/projections-jobs';
import { objectsProjection } from '@oort/projections-objects';
import { figure, type Figure } from './figure';

const jobs = 10_000;
/** One at a time is slow: a part of the log says how slow. */
const singly = 500;

interface Speed { readonly perSecond: number; readonly perCpuSecond: number }

export async function projectionFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-'));
  const postgres = await startPostgres({ directory: join(directory, 'postgres') });
  try {
    const run = async (work: Work, entities: number, mostAtOnce: number): Promise<Speed> => {
      const name = `${work.projection.name}_${mostAtOnce}`;
      return catchUp(join(directory, name), work, entities, mostAtOnce, await createDatabase(postgres.url, name), postgres.pid);
    };
    const [one, many] = [await run(jobWork, singly, 1), await run(jobWork, jobs, 5_000)];
    const [oneObject, objects] = [await run(objectWork, singly, 1), await run(objectWork, jobs, 5_000)];
    const events = { unit: 'events/s', better: 'higher' } as const;
    return [
      figure({ ...events, name: 'projection, catch-up, beside one transaction an event', ours: many.perSecond,
        peer: { name: 'one transaction an event', value: one.perSecond }, aim: { kind: 'ratio', value: 5 } }),
      figure({ ...events, name: 'projection, catch-up, a CPU-second of process and PostgreSQL together', ours: many.perCpuSecond,
        peer: { name: 'one transaction an event', value: one.perCpuSecond }, aim: { kind: 'absolute', value: 10_000 } }),
      figure({ ...events, name: 'projection of objects and their six pieces, catch-up, beside one transaction an event', ours: objects.perSecond,
        peer: { name: 'one transaction an event', value: oneObject.perSecond }, aim: { kind: 'ratio', value: 5 } }),
    ];
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
    rmSync(postgres.directory, { recursive: true, force: true });
  }
}

/** What happens to one entity, in order; entities live side by side, a hundred at a time, as they do on a platform. */
interface Work { readonly projection: Projection; readonly steps: readonly ((id: string) => EventToAppend)[] }

async function catchUp(directory: string, { projection, steps }: Work, count: number, mostAtOnce: number, url: string, server: number): Promise<Speed> {
  const store = await openEmbeddedStore({ directory });
  const last = await fill(store, steps, count);
  const readModels = await openReadModels({ url, projections: [projection], store, mostAtOnce });
  const stop = new AbortController();
  const [started, cpuBefore, serverBefore] = [performance.now(), process.cpuUsage(), cpuSecondsBelow(server)];
  await readModels.start(stop.signal);
  await readModels.waitFor(projection.name, last, 600_000);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuSeconds = (user + system) / 1e6 + cpuSecondsBelow(server) - serverBefore;
  stop.abort();
  await readModels.close();
  await store.close();
  const events = count * steps.length;
  return { perSecond: events / seconds, perCpuSecond: events / cpuSeconds };
}

async function fill(store: EventStore, steps: Work['steps'], count: number): Promise<bigint> {
  let last = 0n;
  for (let start = 0; start < count; start += 100) {
    const ids = Array.from({ length: Math.min(100, count - start) }, () => randomUUID());
    for (const step of steps) {
      const appended = await Promise.all(ids.map((id) => store.append(`entity-${id}`, 'any', [step(id)])));
      for (const { position } of appended) last = position > last ? position : last;
    }
  }
  return last;
}

const hash = 'd4f02eaafd1a9e9de7d10972ca8e47fa7a985825c3c9c1e249c72683cb3e4f19';
const nodeId = 'node_01K9Y4Q2M0VJX89ZWNF2CFVT07';
const subject = { kind: 'inference', id: 'prediction_01K9Y4Q2M0GDVFTWC93CKHVKC9' };
const jobWork: Work = { projection: jobsProjection, steps: [
  (jobId) => event('JobSubmitted', {
    jobId, kind: 'inference', submitter: 'account_01K9Y4Q2M0JHG18RE67T20T9SF', subject, specHash: hash, spec: { inputs: [[0, 0.5, 1]] }, reservedMicroUsd: '1000',
  }),
  (jobId) => event('AttemptLeased', { jobId, attempt: 1, nodeId, fencingToken: 1, expiresAt: '2026-11-20T09:30:05.000Z' }),
  (jobId) => event('JobCompleted', { jobId, kind: 'inference', attempt: 1, nodeId, resultHash: hash, units: 1, costMicroUsd: '1000' }),
  (jobId) => event('ResultRecorded', { jobId, kind: 'inference', nodeId, subject, output: { outputs: [[0.125, -1.5]] } }),
] };

/** An object is stored, stored again under its key, loses a piece, and gets it back. */
const objectWork: Work = { projection: objectsProjection, steps: [
  (id) => event('ObjectStored', stored(id, 1)),
  (id) => event('ObjectStored', stored(id, 2)),
  (id) => event('PieceLost', { bucket, key: id, versionId: `${id}-2`, segmentId: `${id}-2-0`, index: 5, nodeId, reason: 'the node is gone' }),
  (id) => event('PieceAdded', { bucket, key: id, versionId: `${id}-2`, segmentId: `${id}-2-0`, piece: piece(5) }),
] };

const bucket = 'photos';
const accountId = 'account_01K9Y4Q2M0JHG18RE67T20T9SF';
const piece = (index: number) => ({ index, nodeId, pieceId: randomUUID(), root: hash, leaves: 64 });

function stored(id: string, version: number): Json {
  return {
    bucket, key: id, versionId: `${id}-${version}`, accountId, sizeBytes: 65_537, etag: hash, sha256: hash, contentId: hash, contentType: 'image/png',
    storageClass: 'STANDARD', wrappedKey: hash, userMetadata: {}, checksums: {},
    segments: [{ segmentId: `${id}-${version}-0`, sizeBytes: 65_537, k: 3, n: 6, stripeUnitBytes: 1024, pieces: Array.from({ length: 6 }, (_, index) => piece(index)) }],
  };
}

function event(type: string, data: Json): EventToAppend {
  const id = randomUUID();
  return { id, type, data, metadata: { actor: nodeId, correlationId: id, causationId: id, occurredAt: '2026-11-20T09:30:00.000Z', schemaVersion: 1 } };
}

/** Of PostgreSQL's processes, which are children of its postmaster: utime and stime in clock ticks of 10 ms (proc(5)), those that
 *  ended included. 0 where there is no /proc. */
function cpuSecondsBelow(parent: number): number {
  let ticks = 0;
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const fields = statOf(pid);
      if (fields === null || (Number(fields[1]) !== parent && Number(pid) !== parent)) continue;
      ticks += Number(fields[11]) + Number(fields[12]) + (Number(pid) === parent ? Number(fields[13]) + Number(fields[14]) : 0);
    }
  } catch {
    return 0;
  }
  return ticks / 100;
}

/** After the name in brackets, which may hold anything: state, parent, ... */
function statOf(pid: string): readonly string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  } catch {
    return null;
  }
}
