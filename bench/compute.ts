// Jobs dispatched a second: 10,000 nodes that ask, 100,000 jobs that are queued, each lease decided and appended to a durable log
// by the handler of production. The peer is the plain rule, which scores every node for every job, and that without any lease.
// Who gets work is measured where there is a choice: 10,000 jobs for as many nodes with room for eight each.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, createHandler } from '@oort/kernel-decider';
import { openEmbeddedStore, type EventStore } from '@oort/kernel-eventstore';
import { createDispatcher, jobDecider, scoreOf, demandOf, type Dispatcher, type WaitingNode, type WorkingNode } from '@oort/subgraphs-compute';
import { figure, type Figure } from './figure';

const nodeCount = 10_000;
const jobCount = 100_000;
const fewJobs = 10_000;
const perPoll = 8;
const spec = { modelContentId: `b${'a'.repeat(58)}`, input: [[1]], constraints: { near: ['region-0'], bidBasisPoints: 10_000 } };
const regions = 5;

type JobStateOf = Parameters<Dispatcher['observe']>[0];
interface SimulatedNode extends WorkingNode { readonly askBasisPoints: number }
interface Tally { placed: number; trust: number; ask: number; near: number }

const nodes: readonly SimulatedNode[] = Array.from({ length: nodeCount }, (_, index) => ({
  nodeId: `node_${index}`, kind: 'super', operator: `0x${index}`, region: `region-${index % regions}`, runtimeClass: 'cpu', cores: 8, memoryMb: 16_384,
  trust: ((index * 7919) % 1000) / 1000, askBasisPoints: 7_000 + ((index * 104_729) % 3_001),
}));

export async function computeFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-compute-'));
  const store = await openEmbeddedStore({ directory });
  try {
    const { perS } = await dispatched(store, 'many', jobCount);
    const { tally } = await dispatched(store, 'few', fewJobs);
    const mean = (value: (node: SimulatedNode) => number): number => nodes.reduce((sum, node) => sum + value(node), 0) / nodes.length;
    const among = (value: number) => ({ name: 'of all nodes', value });
    return [
      figure({
        name: 'compute/placements', unit: 'jobs/s', better: 'higher', ours: perS, aim: { kind: 'absolute', value: 2000 },
        peer: { name: 'every node scored for every job', value: plainRate() },
      }),
      figure({ name: 'compute/trust-of-the-placed', unit: 'mean trust', better: 'higher', ours: tally.trust / tally.placed, peer: among(mean(({ trust }) => trust)), aim: { kind: 'ratio', value: 1.1 } }),
      figure({ name: 'compute/price-of-the-placed', unit: 'bp of list', better: 'lower', ours: tally.ask / tally.placed, peer: among(mean(({ askBasisPoints }) => askBasisPoints)), aim: { kind: 'ratio', value: 1.02 } }),
      figure({ name: 'compute/near-the-input', unit: 'share', better: 'higher', ours: tally.near / tally.placed, peer: among(1 / regions), aim: { kind: 'ratio', value: 1.5 } }),
    ];
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `perS` from the first poll to the last lease. */
async function dispatched(store: EventStore, name: string, jobs: number): Promise<{ readonly perS: number; readonly tally: Tally }> {
  const now = (): Date => new Date();
  const handle = createHandler({ store, decider: jobDecider, now });
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const dispatcher = createDispatcher({
    now, leaseTtlMs: 600_000,
    workingNodes: (nodeIds) => Promise.resolve(nodeIds.flatMap((nodeId) => byId.get(nodeId) ?? [])),
    lease: (jobId, nodeId, terms) => handle(jobId, command('LeaseJob', { jobId, nodeId, ttlMs: 600_000, ...terms }, { actor: nodeId, now: now() })),
    preempt: (jobId, attempt) => handle(jobId, command('PreemptAttempt', { jobId, attempt }, { actor: 'platform', now: now() })),
    missDeadline: (jobId) => handle(jobId, command('MissDeadline', { jobId }, { actor: 'platform', now: now() })),
    expire: (jobId, attempt) => handle(jobId, command('ExpireLease', { jobId, attempt }, { actor: 'platform', now: now() })),
  });
  const queued: JobStateOf[] = [];
  for (let first = 0; first < jobs; first += 2000) {
    await Promise.all(Array.from({ length: 2000 }, async (_, index) => {
      const jobId = `job_${name}_${first + index}`;
      const data = { jobId, kind: 'inference' as const, spec, submitter: 'account_1', subject: null, priceCapMicroUsd: null };
      const outcome = await handle(jobId, command('SubmitJob', data, { actor: 'account_1', now: now() }));
      if (outcome.ok) queued.push(outcome.state);
    }));
  }
  const tally: Tally = { placed: 0, trust: 0, ask: 0, near: 0 };
  for (const state of queued) dispatcher.observe(state);
  const started = performance.now();
  await Promise.all(nodes.map((node) => work(node, dispatcher, tally, jobs)));
  const seconds = (performance.now() - started) / 1000;
  return { perS: tally.placed / seconds, tally };
}

/** A node that asks, works for no time, and asks again until nothing is left. */
async function work(node: SimulatedNode, dispatcher: Dispatcher, tally: Tally, jobs: number): Promise<void> {
  while (tally.placed < jobs) {
    const given = await dispatcher.poll({ nodeId: node.nodeId, kinds: ['inference'], max: perPoll, waitMs: 60_000, offer: { askBasisPoints: node.askBasisPoints } });
    tally.placed += given.length;
    tally.trust += node.trust * given.length;
    tally.ask += node.askBasisPoints * given.length;
    tally.near += node.region === 'region-0' ? given.length : 0;
    if (tally.placed >= jobs) dispatcher.close();
  }
}

/** Jobs a second when each looks at all nodes and sorts them, without any lease. */
function plainRate(): number {
  const demand = demandOf('inference', spec);
  const waiting = nodes.map(({ kind, ...node }): WaitingNode => ({ ...node, nodeKind: kind, kinds: ['inference'], sandbox: 'process', gpu: false, offline: false, load: 0, room: perPoll }));
  const given = new Map<number, number>();
  const started = performance.now();
  let placed = 0;
  while (performance.now() - started < 1000) {
    const scored = waiting.map((node, index) => ({ index, score: scoreOf(demand, node, given.get(index) ?? 0) })).sort((left, right) => right.score - left.score);
    const index = scored[placed % 3]?.index ?? 0;
    given.set(index, (given.get(index) ?? 0) + 1);
    placed += 1;
  }
  return placed / ((performance.now() - started) / 1000);
}
