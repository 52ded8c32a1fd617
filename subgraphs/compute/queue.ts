// Jobs that wait, in lines of equal demands, each in the order of their coming. A line is matched at once, so what a round costs
// goes with what it places and not with what waits.
import { demandOf, lineOf } from './demand';
import type { Demand, Line, WaitingJob } from './matching';
import type { JobState } from './state';

export type QueuedJob = Extract<JobState, { readonly status: 'queued' }>;

interface Entry { readonly job: QueuedJob; readonly since: number; readonly order: number; readonly line: string }
interface Waiting { readonly demand: Demand; readonly entries: Map<string, Entry> }

export interface Queue {
  add(job: QueuedJob, sinceMs: number): void;
  delete(jobId: string): void;
  has(jobId: string): boolean;
  size(): number;
  /** By class, then by who has waited longest; what waits since before `starvingMs` is starving. */
  lines(starvingMs: number): readonly Line[];
  /** Of the class that others give way to, those that wait since before then. */
  reservedSince(ms: number): readonly { readonly jobId: string; readonly demand: Demand }[];
}

export function createQueue(): Queue {
  const byId = new Map<string, Entry>();
  const lines = new Map<string, Waiting>();
  let order = 0;

  function remove(jobId: string): void {
    const entry = byId.get(jobId);
    if (entry === undefined) return;
    byId.delete(jobId);
    const line = lines.get(entry.line);
    line?.entries.delete(jobId);
    if (line?.entries.size === 0) lines.delete(entry.line);
  }

  return {
    add(job, since) {
      remove(job.jobId);
      const demand = demandOf(job.kind, job.spec);
      const line = lineOf(demand);
      order += 1;
      const entry: Entry = { job, since, order, line };
      byId.set(job.jobId, entry);
      const waiting = lines.get(line) ?? { demand, entries: new Map<string, Entry>() };
      waiting.entries.set(job.jobId, entry);
      lines.set(line, waiting);
    },
    delete: remove,
    has: (jobId) => byId.has(jobId),
    size: () => byId.size,
    lines: (starvingMs) => [...lines]
      .map(([key, { demand, entries }]) => ({ key, demand, entries, first: firstOf(entries) }))
      .sort((left, right) => Number(left.key[0]) - Number(right.key[0]) || left.first - right.first)
      .map(({ demand, entries }) => ({ demand, jobs: jobsOf(entries, starvingMs) })),
    reservedSince: (ms) => [...lines.values()].filter(({ demand }) => demand.class === 'reserved').flatMap(({ demand, entries }) => (
      [...entries.values()].filter(({ since }) => since < ms).map(({ job: { jobId } }) => ({ jobId, demand })))),
  };
}

function firstOf(entries: ReadonlyMap<string, Entry>): number {
  for (const { order } of entries.values()) return order;
  return 0;
}

function* jobsOf(entries: ReadonlyMap<string, Entry>, starvingMs: number): Iterable<WaitingJob> {
  for (const { job: { jobId, failedOn }, since } of entries.values()) yield { jobId, avoid: failedOn, starving: since < starvingMs };
}
