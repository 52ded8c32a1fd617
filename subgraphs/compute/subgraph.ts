import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { parse } from 'graphql';
import { command, createHandler, loadState } from '@oort/kernel-decider';
import type { From } from '@oort/kernel-eventstore';
import type { DeviceKey } from '@oort/kernel-identity';
import { openJobIds } from '@oort/projections-jobs';
import { liveNodes } from '@oort/projections-nodes';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import { jobDecider } from './decide';
import { createDispatcher, type Dispatcher } from './dispatcher';
import { createLogBook } from './log-book';
import { startReactions } from './react';
import { computeResolvers } from './resolvers';
import { submitterOver, type JobHandler, type SubmitJob } from './submit';

export interface ComputePorts extends SubgraphPorts {
  /** A lease that nobody renews for so long is over; 30 seconds unless told, a few on a local network. */
  readonly leaseTtlMs?: number;
  /** Signs offline work, as it signs orders to nodes. */
  readonly packetKey?: DeviceKey;
}

export interface ComputeSubgraph extends Subgraph {
  /** For other domains of the platform: models, audit. */
  readonly submitJob: SubmitJob;
}

export async function createComputeSubgraph(ports: ComputePorts): Promise<ComputeSubgraph> {
  const { store, readModels, now: clock, leaseTtlMs = 30_000 } = ports;
  const now = (): Date => clock();
  const logs = createLogBook();
  const carryOut = createHandler({ store, decider: jobDecider, now });
  const asPlatform = { actor: 'platform' };
  const dispatcher = createDispatcher({
    now, leaseTtlMs,
    workingNodes: (nodeIds) => liveNodes(readModels, { nodeIds, online: 'either' }),
    lease: (jobId, nodeId, terms) => carryOut(jobId, command('LeaseJob', { jobId, nodeId, ttlMs: leaseTtlMs, ...terms }, { actor: nodeId, now: now() })),
    preempt: (jobId, attempt) => carryOut(jobId, command('PreemptAttempt', { jobId, attempt }, { ...asPlatform, now: now() })),
    missDeadline: (jobId) => carryOut(jobId, command('MissDeadline', { jobId }, { ...asPlatform, now: now() })),
    expire: (jobId, attempt) => carryOut(jobId, command('ExpireLease', { jobId, attempt }, { ...asPlatform, now: now() })),
  });
  /** The dispatcher sees what became of every job; leases and expiries it sees itself, and new jobs come by the log, whoever
   *  submitted them. */
  const handle: JobHandler = async (jobId, asked) => {
    const outcome = await carryOut(jobId, asked);
    if (outcome.ok && ['completed', 'failed', 'cancelled'].includes(outcome.state.status)) logs.end(jobId);
    if (outcome.ok && asked.type !== 'CheckpointAttempt' && asked.type !== 'SubmitJob') dispatcher.observe(outcome.state);
    return outcome;
  };
  const submitJob = submitterOver(handle, now);
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'compute.graphql'), 'utf8');
  return {
    name: 'compute', typeDefs: parse(sdl), submitJob,
    resolvers: computeResolvers({ readModels, now, handle, dispatcher, logs, packetKey: ports.packetKey ?? null, leaseTtlMs, keys: new Map() }),
    async start(signal) {
      const recalled = await recall(ports, dispatcher);
      followSubmissions(ports, dispatcher, recalled, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      await startReactions(ports, handle, submitJob, signal);
      signal.addEventListener('abort', () => dispatcher.close());
      void sweepOften(dispatcher, Math.max(leaseTtlMs / 5, 100), signal);
    },
  };
}

/** What waited or ran when the process stopped, up to where the answer says. A running lease gets a full period to be renewed in. */
async function recall({ store, readModels }: ComputePorts, dispatcher: Dispatcher): Promise<From> {
  const head = await store.head();
  if (head === null) return 'start';
  await readModels.waitFor('jobs', head, 60_000);
  for (const jobId of await openJobIds(readModels)) dispatcher.observe((await loadState(store, jobDecider, jobId)).state);
  return { after: head };
}

/** Not what the event says but what the job is by now; one that is known already was seen since. */
async function followSubmissions({ store }: ComputePorts, dispatcher: Dispatcher, from: From, signal: AbortSignal): Promise<void> {
  for await (const delivery of store.subscribe({ from, filter: { types: ['JobSubmitted'] }, signal })) {
    if (delivery.kind !== 'event') continue;
    const { jobId } = delivery.event.data as { readonly jobId: string };
    if (dispatcher.knows(jobId)) continue;
    const { state } = await loadState(store, jobDecider, jobId);
    if (!dispatcher.knows(jobId)) dispatcher.observe(state);
  }
}

async function sweepOften(dispatcher: Dispatcher, everyMs: number, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of setInterval(everyMs, null, { signal })) await dispatcher.sweep();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
