import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { parse } from 'graphql';
import { command, createHandler, loadState, type Outcome } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, Fault, newId, sha256Hex, type Json } from '@oort/kernel-wire';
import { openJobIds } from '@oort/projections-jobs';
import { liveNodes } from '@oort/projections-nodes';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import type { JobKind, Subject } from '@oort/schema/events/compute';
import type { ComputeCommand } from './commands';
import { jobDecider } from './decide';
import { createDispatcher, type Dispatcher } from './dispatcher';
import { startReactions } from './react';
import type { ComputeRefusal } from './refusals';
import { computeResolvers } from './resolvers';
import type { JobState } from './state';

export interface ComputePorts extends SubgraphPorts {
  /** A lease that nobody renews for so long is over; 30 seconds unless told, a few on a local network. */
  readonly leaseTtlMs?: number;
}

export interface JobToSubmit {
  /** Chosen before, so that submitting again is the same job. */
  readonly jobId?: string;
  readonly kind: JobKind;
  readonly spec: Json;
  readonly submitter: string;
  readonly subject?: Subject | null;
  readonly priceCapMicroUsd?: bigint;
  readonly cause?: RecordedEvent;
}

export class JobRefused extends Fault {
  constructor({ code, message, payload }: ComputeRefusal) { super('JOB_REFUSED', message, { code, payload }); }
}

/** Resolves once the job is durable and queued. Throws JobRefused. */
export type SubmitJob = (job: JobToSubmit) => Promise<{ readonly jobId: string; readonly position: bigint }>;
export type JobHandler = (jobId: string, asked: ComputeCommand) => Promise<Outcome<JobState, ComputeRefusal>>;

export interface ComputeSubgraph extends Subgraph {
  /** For other domains of the platform: models, audit. */
  readonly submitJob: SubmitJob;
}

export async function createComputeSubgraph(ports: ComputePorts): Promise<ComputeSubgraph> {
  const { store, readModels, now: clock, leaseTtlMs = 30_000 } = ports;
  const now = (): Date => clock();
  const carryOut = createHandler({ store, decider: jobDecider, now });
  const asPlatform = { actor: 'platform' };
  const dispatcher = createDispatcher({
    now, leaseTtlMs,
    workingNodes: (nodeIds) => liveNodes(readModels, { nodeIds, online: 'either' }),
    lease: (jobId, nodeId) => carryOut(jobId, command('LeaseJob', { jobId, nodeId, ttlMs: leaseTtlMs }, { actor: nodeId, now: now() })),
    expire: (jobId, attempt) => carryOut(jobId, command('ExpireLease', { jobId, attempt }, { ...asPlatform, now: now() })),
  });
  /** The dispatcher sees what became of every job; leases and expiries it sees itself. */
  const handle: JobHandler = async (jobId, asked) => {
    const outcome = await carryOut(jobId, asked);
    if (outcome.ok && asked.type !== 'CheckpointAttempt') dispatcher.observe(outcome.state);
    return outcome;
  };
  const submitJob: SubmitJob = async ({ jobId = newId('job', now()), kind, spec, submitter, subject = null, priceCapMicroUsd, cause }) => {
    const data = { jobId, kind, spec, submitter, subject, priceCapMicroUsd: priceCapMicroUsd?.toString() ?? null };
    const same = sha256Hex(canonicalJson({ jobId, kind, spec, submitter }));
    // Made by the platform, for its submitter: what the spec names is of the platform's choice.
    const options = { actor: 'platform', now: now(), id: deriveId('command', `submit/${same}`), ...(cause === undefined ? {} : { cause }) };
    const outcome = await handle(jobId, command('SubmitJob', data, options));
    if (!outcome.ok) throw new JobRefused(outcome.refusal);
    return { jobId, position: outcome.position };
  };
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'compute.graphql'), 'utf8');
  return {
    name: 'compute', typeDefs: parse(sdl), submitJob,
    resolvers: computeResolvers({ readModels, now, handle, dispatcher, leaseTtlMs, keys: new Map() }),
    async start(signal) {
      await recall(ports, dispatcher);
      await startReactions(ports, handle, submitJob, signal);
      signal.addEventListener('abort', () => dispatcher.close());
      void sweepOften(dispatcher, Math.max(leaseTtlMs / 5, 100), signal);
    },
  };
}

/** What waited or ran when the process stopped. A running lease gets a full period to be renewed in. */
async function recall({ store, readModels }: ComputePorts, dispatcher: Dispatcher): Promise<void> {
  const head = await store.head();
  if (head !== null) await readModels.waitFor('jobs', head, 60_000);
  for (const jobId of await openJobIds(readModels)) dispatcher.observe((await loadState(store, jobDecider, jobId)).state);
}

async function sweepOften(dispatcher: Dispatcher, everyMs: number, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of setInterval(everyMs, null, { signal })) await dispatcher.sweep();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
