// The node that searches: before it answers, it looks in the catalogue, the log and the chain for every input it is given, and it looks
// at the input itself for what tells phantoms from work. What it could have found is looked up afterwards, with the truth beside it.
import { readFileSync } from 'node:fs';
import type { Opening } from '@oort/algorithms-honesty';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import type { LoopContext } from '../loop/step';
import type { FeedEvent } from './traffic';

interface Given { readonly jobId: string; readonly attempt: number; readonly spec: Readonly<Record<string, Json>> }
interface Listed { readonly id: string; readonly specHash: string; readonly submittedAt: string }
interface Page { readonly jobs: { readonly edges: readonly { readonly node: Listed }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } } }

export interface Findings {
  readonly given: number;
  readonly phantoms: number;
  /** Inputs that something public named before the node had committed to its answer. */
  readonly found: number;
  /** Inputs that it was given twice, or nearly: the same values where they are at an end of the range. */
  readonly seenBefore: number;
  /** Feature -> how well it ranks phantoms above work, 0.5 being chance (area under the ROC curve). */
  readonly tells: ReadonlyMap<string, number>;
}

const jobsQuery = `query Jobs($after: String) {
  jobs(first: 200, after: $after, filter: { kind: inference }) { edges { node { id specHash submittedAt } } pageInfo { hasNextPage endCursor } }
}`;

export async function search(context: LoopContext, file: string, events: readonly FeedEvent[]): Promise<Findings> {
  const given = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Given);
  const truth = new Map(events.flatMap(({ type, data }) => (type === 'BatchOpened' ? (data['openings'] as readonly Opening[]).map(({ taskId, isPhantom }) => [taskId, isPhantom] as const) : [])));
  const judged = given.filter(({ jobId }) => truth.has(jobId));
  const jobs = await listed(context);
  const logs = await chainText(context);
  const features = judged.map((one) => ({ isPhantom: truth.get(one.jobId) === true, values: featuresOf(one, jobs) }));
  const names = [...features[0]?.values.keys() ?? []];
  return {
    given: judged.length, phantoms: features.filter(({ isPhantom }) => isPhantom).length,
    found: judged.filter((one) => isFound(one, jobs, events, logs)).length,
    seenBefore: nearly(judged),
    tells: new Map(names.map((name) => [name, area(features.map(({ isPhantom, values }) => ({ isPhantom, value: values.get(name) ?? 0 })))])),
  };
}

/** By its spec's id, by a hash of its input with or without what surrounds it, by its values. */
function isFound({ jobId, attempt, spec }: Given, jobs: readonly Listed[], events: readonly FeedEvent[], logs: string): boolean {
  const input = spec['input'] ?? null;
  const { nonce: _, ...bare } = spec;
  const hashes = [sha256Hex(canonicalJson(spec)), sha256Hex(canonicalJson(bare)), sha256Hex(canonicalJson(input)), ...(Array.isArray(input) ? input.map((row) => sha256Hex(canonicalJson(row))) : [])];
  if (jobs.some(({ id, specHash }) => id !== jobId && hashes.includes(specHash)) || hashes.some((hash) => logs.includes(hash))) return true;
  for (const { type, data } of events) {
    if (type === 'ResultCommitted' && data['jobId'] === jobId && data['attempt'] === attempt) return false;
    const text = JSON.stringify(data);
    if (data['jobId'] !== jobId && hashes.some((hash) => text.includes(hash))) return true;
    // Beyond its own lease, nothing may name the task itself.
    if (data['jobId'] !== jobId && text.includes(jobId)) return true;
  }
  return false;
}

function featuresOf({ jobId, spec }: Given, jobs: readonly Listed[]): ReadonlyMap<string, number> {
  const row = (spec['input'] as readonly (readonly number[])[])[0] ?? [];
  const place = jobs.findIndex(({ id }) => id === jobId);
  const inner = row.filter((value) => value > 0 && value < 1);
  return new Map([
    ['values off the grid of 8 bits', row.filter((value) => Math.fround(Math.round(value * 255) / 255) !== Math.fround(value)).length],
    ['largest value', Math.max(...row)],
    ['values that are zero', row.filter((value) => value === 0).length],
    ['values that are one', row.filter((value) => value === 1).length],
    ['mean of the values between', inner.reduce((sum, value) => sum + value, 0) / Math.max(1, inner.length)],
    ['size of the spec', canonicalJson(spec).length],
    ['members of the spec', Object.keys(spec).length],
    ['time from the id to the submission', Date.parse(jobs[place]?.submittedAt ?? '') - timeOf(jobId)],
    ['time since the job before', timeOf(jobId) - timeOf(jobs[place + 1]?.id ?? jobId)],
    ['place among the jobs of its second', jobs.slice(place + 1).findIndex(({ id }) => timeOf(id) !== timeOf(jobId))],
  ]);
}

/** Inputs like an earlier one of its own, by what lies at the ends of the range. */
function nearly(given: readonly Given[]): number {
  const seen = new Set<string>();
  let again = 0;
  for (const { spec } of given) {
    const row = (spec['input'] as readonly (readonly number[])[])[0] ?? [];
    const key = row.map((value) => (value === 0 ? '0' : value === 1 ? '1' : '.')).join('');
    if (seen.has(key)) again += 1;
    seen.add(key);
  }
  return again;
}

/** Mann and Whitney 1947; ties count half. */
function area(cases: readonly { readonly isPhantom: boolean; readonly value: number }[]): number {
  const [phantoms, work] = [cases.filter(({ isPhantom }) => isPhantom), cases.filter(({ isPhantom }) => !isPhantom)];
  let wins = 0;
  for (const { value } of phantoms) for (const other of work) wins += value > other.value ? 1 : value === other.value ? 0.5 : 0;
  return phantoms.length === 0 || work.length === 0 ? 0.5 : wins / (phantoms.length * work.length);
}

/** Newest first. */
async function listed(context: LoopContext): Promise<readonly Listed[]> {
  const rows: Listed[] = [];
  for (let after: string | null = null; ;) {
    const { jobs }: Page = await context.graphql<Page>(jobsQuery, { after });
    rows.push(...jobs.edges.map(({ node }) => node));
    if (!jobs.pageInfo.hasNextPage) return rows;
    after = jobs.pageInfo.endCursor;
  }
}

/** Every log of every contract, as one text. */
async function chainText(context: LoopContext): Promise<string> {
  return JSON.stringify(await context.chain.getLogs({ fromBlock: 0, toBlock: 'latest' }));
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function timeOf(id: string): number {
  return [...id.slice(id.indexOf('_') + 1).slice(0, 10)].reduce((time, letter) => time * 32 + crockford.indexOf(letter), 0);
}
