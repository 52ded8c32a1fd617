// Catch-up of a real projection: the jobs of the platform, from the embedded store's log into PostgreSQL as it runs in production
// (flushed commits), beside the same code with one event in a transaction. CPU is that of this process and of PostgreSQL.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedStore, type EventStore, type EventToAppend } from '@oort/kernel-eventstore';
import { createDatabase, openReadModels, startPostgres } from '@oort/kernel-projection';
import type { Json } from '@oort/kernel-wire';
import { jobsProjection } from '@oort/projections-jobs';
import { figure, type Figure } from './figure';

const jobs = 10_000;
const eventsOfJob = 4;
/** One at a time is slow: a part of the log says how slow. */
const singly = 500;

interface Speed { readonly perSecond: number; readonly perCpuSecond: number }

export async function projectionFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-'));
  const postgres = await startPostgres({ directory: join(directory, 'postgres') });
  try {
    const one = await catchUp(join(directory, 'few'), singly, 1, await createDatabase(postgres.url, 'one'), postgres.pid);
    const many = await catchUp(join(directory, 'many'), jobs, 5_000, await createDatabase(postgres.url, 'many'), postgres.pid);
    const events = { unit: 'events/s', better: 'higher' } as const;
    return [
      figure({ ...events, name: 'projection, catch-up, beside one transaction an event', ours: many.perSecond,
        peer: { name: 'one transaction an event', value: one.perSecond }, aim: { kind: 'ratio', value: 5 } }),
      figure({ ...events, name: 'projection, catch-up, a CPU-second of process and PostgreSQL together', ours: many.perCpuSecond,
        peer: { name: 'one transaction an event', value: one.perCpuSecond }, aim: { kind: 'absolute', value: 10_000 } }),
    ];
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
    rmSync(postgres.directory, { recursive: true, force: true });
  }
}

async function catchUp(directory: string, count: number, mostAtOnce: number, url: string, server: number): Promise<Speed> {
  const store = await openEmbeddedStore({ directory });
  const last = await fill(store, count);
  const readModels = await openReadModels({ url, projections: [jobsProjection], store, mostAtOnce });
  const stop = new AbortController();
  const [started, cpuBefore, serverBefore] = [performance.now(), process.cpuUsage(), cpuSecondsBelow(server)];
  await readModels.start(stop.signal);
  await readModels.waitFor('jobs', last, 600_000);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpuSeconds = (user + system) / 1e6 + cpuSecondsBelow(server) - serverBefore;
  stop.abort();
  await readModels.close();
  await store.close();
  const events = count * eventsOfJob;
  return { perSecond: events / seconds, perCpuSecond: events / cpuSeconds };
}

/** Jobs that run side by side, a hundred at a time, as they do on a platform. */
async function fill(store: EventStore, count: number): Promise<bigint> {
  let last = 0n;
  for (let start = 0; start < count; start += 100) {
    const ids = Array.from({ length: Math.min(100, count - start) }, () => `job_${randomUUID()}`);
    for (const step of steps) {
      const appended = await Promise.all(ids.map((jobId) => store.append(`job-${jobId}`, 'any', [step(jobId)])));
      for (const { position } of appended) last = position > last ? position : last;
    }
  }
  return last;
}

const hash = 'd4f02eaafd1a9e9de7d10972ca8e47fa7a985825c3c9c1e249c72683cb3e4f19';
const nodeId = 'node_01K9Y4Q2M0VJX89ZWNF2CFVT07';
const subject = { kind: 'inference', id: 'prediction_01K9Y4Q2M0GDVFTWC93CKHVKC9' };
const steps: readonly ((jobId: string) => EventToAppend)[] = [
  (jobId) => event('JobSubmitted', {
    jobId, kind: 'inference', submitter: 'account_01K9Y4Q2M0JHG18RE67T20T9SF', subject, specHash: hash, spec: { inputs: [[0, 0.5, 1]] }, reservedMicroUsd: '1000',
  }),
  (jobId) => event('AttemptLeased', { jobId, attempt: 1, nodeId, fencingToken: 1, expiresAt: '2026-11-20T09:30:05.000Z' }),
  (jobId) => event('JobCompleted', { jobId, kind: 'inference', attempt: 1, nodeId, resultHash: hash, units: 1, costMicroUsd: '1000' }),
  (jobId) => event('ResultRecorded', { jobId, kind: 'inference', nodeId, subject, output: { outputs: [[0.125, -1.5]] } }),
];

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
