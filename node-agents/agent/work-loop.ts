// A lane asks for its kinds of work, runs what it is given in the sandbox, keeps the leases alive meanwhile, and hands results
// to the outbox. A lease that the platform no longer knows ends its run: somebody else has the job.
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, messageOf, type Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { faulted, type AgentFault } from './agent-fault';
import type { ExecutionBackend } from './execution-backend';
import { NetworkOff } from './network-switch';
import { logStream } from './log-stream';
import type { Outbox } from './outbox';
import { readState, writeState } from './state-file';
import { PlatformUnreachable, type PlatformClient } from './platform-client';
import type { SignAnswer } from './signing';
import type { TelemetrySender } from './telemetry/sender';

export interface Lane {
  readonly kinds: readonly JobKind[];
  /** Jobs taken at once, and run at once. */
  readonly max: number;
  readonly parallel: number;
  readonly timeoutMs: number;
}

export interface WorkPorts {
  readonly sign: SignAnswer;
  readonly client: PlatformClient;
  readonly backend: ExecutionBackend;
  readonly gpu: boolean;
  readonly outbox: Outbox;
  readonly telemetry: TelemetrySender;
  readonly fault: AgentFault | null;
  readonly checkpointEveryMs: number;
  /** Where its leases are kept while they run, so that a restarted device goes on with them. */
  readonly leaseFile: string;
  /** Content that is asked for again and again: models, examples. */
  fetchCached(contentId: string): Promise<Buffer>;
  log(text: string): void;
}

interface Lease {
  readonly jobId: string; readonly kind: JobKind; readonly attempt: number; readonly fencingToken: number; readonly spec: Json;
  readonly checkpoint: { readonly contentId: string } | null;
}
interface Refusal { readonly __typename: 'Refusal'; readonly code: string; readonly message: string }
type Offer = { readonly leaseWork: { readonly __typename: 'WorkOffer'; readonly leaseTtlMs: number; readonly leases: readonly Lease[] } | Refusal };
interface KeptLeases { readonly leaseTtlMs: number; readonly leases: readonly Lease[] }
type Renewals = { readonly renewLeases: readonly { readonly __typename: string }[] };
interface Held { readonly lease: Lease; readonly controller: AbortController }

const leaseMutation = `mutation Lease($input: LeaseWorkInput!) {
  leaseWork(input: $input) {
    __typename
    ... on WorkOffer { leaseTtlMs leases { jobId kind attempt fencingToken spec checkpoint { contentId } } }
    ... on Refusal { code message }
  }
}`;
const renewMutation = 'mutation Renew($input: RenewLeasesInput!) { renewLeases(input: $input) { __typename ... on Refusal { code message } } }';
const failMutation = 'mutation Fail($input: FailAttemptInput!) { failAttempt(input: $input) { __typename ... on Refusal { code message } } }';
const checkpointMutation = `mutation Checkpoint($input: CheckpointAttemptInput!) {
  checkpointAttempt(input: $input) { __typename ... on Refusal { code message } }
}`;
/** Not the job's doing: codes, since faults that crossed the sandbox's channel have no class any more. */
const outsideCodes: readonly string[] = ['CONTENT_UNAVAILABLE', 'PLATFORM_UNREACHABLE', 'PLATFORM_REJECTED', 'NETWORK_OFF', 'NO_WALL', 'CLUSTER_UNAVAILABLE', 'REGISTRY_REFUSED'];
const waitMs = 15_000;
const pauseMs = 1000;
const farewellMs = 1000;
const goOnMs = 60_000;

/** Resolves when the signal aborts, its last question taken back: a job that is handed to nobody would wait for its lease to end. */
export async function workLane(lane: Lane, ports: WorkPorts, signal: AbortSignal): Promise<void> {
  await askForWork(lane, ports, signal);
  await ports.client.graphql(leaseMutation, { input: { kinds: lane.kinds, waitMs: 0, max: 0 } }, { timeoutMs: farewellMs }).catch(() => undefined);
}

async function askForWork(lane: Lane, ports: WorkPorts, signal: AbortSignal): Promise<void> {
  await goOn(lane, ports, signal);
  while (!signal.aborted) {
    try {
      const { leaseWork } = await ports.client.graphql<Offer>(
        leaseMutation, { input: { kinds: lane.kinds, waitMs, max: lane.max, offer: { sandbox: ports.backend.wall, gpu: ports.gpu } } }, { signal, timeoutMs: waitMs + 10_000 });
      if (leaseWork.__typename === 'Refusal') await sleep(pauseMs, undefined, { signal });
      else await runAll(lane, leaseWork.leases, leaseWork.leaseTtlMs, ports, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof PlatformUnreachable || error instanceof NetworkOff)) ports.log(`work: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** With what was leased before this process started, as far as the platform still knows the leases. */
async function goOn(lane: Lane, ports: WorkPorts, signal: AbortSignal): Promise<void> {
  const before = readState<KeptLeases>(ports.leaseFile);
  // What is done already must not be done again: a second answer under another salt would look like fraud.
  const undone = (before?.leases ?? []).filter(({ jobId, attempt }) => !ports.outbox.holds(jobId, attempt));
  for (const until = Date.now() + goOnMs; before !== null && undone.length > 0 && !signal.aborted;) {
    try {
      const { renewLeases } = await ports.client.graphql<Renewals>(renewMutation, { input: { leases: undone.map(claimOf) } }, { signal });
      const alive = undone.filter((_, index) => renewLeases[index]?.__typename === 'RenewedLease');
      if (alive.length > 0) ports.log(`goes on with ${alive.length} of ${undone.length} leases`);
      return await runAll(lane, alive, before.leaseTtlMs, ports, signal);
    } catch (error) {
      if (signal.aborted || Date.now() > until) return;
      ports.log(`leases not renewed: ${messageOf(error)}`);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function claimOf({ jobId, attempt, fencingToken }: Lease): { readonly jobId: string; readonly attempt: number; readonly fencingToken: number } {
  return { jobId, attempt, fencingToken };
}

async function runAll(lane: Lane, leases: readonly Lease[], leaseTtlMs: number, ports: WorkPorts, signal: AbortSignal): Promise<void> {
  const held = new Map(leases.map((lease) => [lease.jobId, { lease, controller: new AbortController() }]));
  if (leases.length > 0) writeState(ports.leaseFile, { leaseTtlMs, leases } satisfies KeptLeases);
  const renewal = setInterval(() => { void renewAll(held, ports); }, leaseTtlMs / 3);
  const stop = (): void => { for (const { controller } of held.values()) controller.abort(); };
  signal.addEventListener('abort', stop);
  const queue = [...held.values()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
      if (!next.controller.signal.aborted) await runOne(lane, next, ports);
      // One that was stopped with its process is gone on with by the next.
      if (signal.aborted) return;
      held.delete(next.lease.jobId);
    }
  };
  try {
    await Promise.all(Array.from({ length: lane.parallel }, worker));
  } finally {
    clearInterval(renewal);
    signal.removeEventListener('abort', stop);
  }
  if (leases.length > 0 && held.size === 0) writeState(ports.leaseFile, { leaseTtlMs, leases: [] } satisfies KeptLeases);
}

async function runOne(lane: Lane, { lease, controller }: Held, ports: WorkPorts): Promise<void> {
  const { jobId, kind, attempt, fencingToken, spec } = lease;
  const stream = logStream(lease, ports.client);
  const startedAt = ports.client.now().toISOString();
  try {
    const { output, units } = faulted(ports.fault, lease, await ports.backend.run(kind, spec, {
      ...contentPorts(lease, ports), timeoutMs: lane.timeoutMs, signal: controller.signal, checkpointEveryMs: ports.checkpointEveryMs, jobId, log: (line) => { stream.line(line); },
      resume: lease.checkpoint === null ? null : await ports.client.fetchContent(lease.checkpoint.contentId),
    }));
    // Before the result: with it the lease ends, and what comes later is nobody's.
    await stream.close();
    ports.outbox.add({ jobId, attempt, fencingToken, ...await ports.sign(jobId, attempt, output), output, units, startedAt, endedAt: ports.client.now().toISOString() });
    report(ports, lease, units, ports.client.now().getTime() - Date.parse(startedAt));
  } catch (error) {
    await stream.close();
    // A run that was stopped from outside is nobody's failure: the lease runs out, or is another's already.
    if (!controller.signal.aborted) await reportFailure(lease, error, ports);
  }
}

/** Beside the result, which alone is what the job is paid for: a reading that the disk refuses holds up no work. */
function report({ telemetry, log }: WorkPorts, { jobId, kind, attempt }: Lease, units: number, durationMs: number): void {
  const atMs = telemetry.nowMs();
  Promise.all([
    telemetry.record('usage', { atMs, subjectId: jobId, kind, units: Math.round(units), durationMs }),
    telemetry.record('metrics', { atMs, jobId, attempt, name: 'duration_ms', step: 0, value: durationMs }),
  ]).catch((error: unknown) => { log(`usage of ${jobId} not kept: ${error instanceof Error ? error.message : String(error)}`); });
}

function contentPorts(lease: Lease, { client, fetchCached, telemetry }: WorkPorts): {
  fetchContent(contentId: string): Promise<Buffer>; storeContent(bytes: Buffer): Promise<string>; checkpoint(step: number, bytes: Buffer): Promise<void>;
} {
  const { jobId, kind, attempt, fencingToken } = lease;
  return {
    fetchContent: kind === 'preprocess' ? (contentId) => client.fetchContent(contentId) : fetchCached,
    storeContent: (bytes) => client.storeContent(bytes),
    async checkpoint(step, bytes) {
      const contentId = await client.storeContent(bytes);
      await client.graphql(checkpointMutation, { input: { jobId, attempt, fencingToken, step, contentId } });
      await telemetry.record('metrics', { atMs: telemetry.nowMs(), jobId, attempt, name: 'checkpoint_bytes', step, value: bytes.length }).catch(() => undefined);
    },
  };
}

async function renewAll(held: ReadonlyMap<string, Held>, { client, log }: WorkPorts): Promise<void> {
  const renewed = [...held.values()];
  if (renewed.length === 0) return;
  try {
    const { renewLeases } = await client.graphql<{ readonly renewLeases: readonly { readonly __typename: string }[] }>(
      renewMutation, { input: { leases: renewed.map(({ lease }) => claimOf(lease)) } });
    renewed.forEach(({ lease, controller }, index) => {
      // A result may be on its way while this was asked: then the lease is gone because the job is done.
      if (renewLeases[index]?.__typename !== 'Refusal' || !held.has(lease.jobId)) return;
      log(`lease of ${lease.jobId} is lost`);
      controller.abort();
    });
  } catch (error) {
    // Offline: the work goes on, and its result is sent when the platform is back.
    log(`leases not renewed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function reportFailure({ jobId, attempt, fencingToken }: Lease, error: unknown, { client, log }: WorkPorts): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  const outside = error instanceof Fault && outsideCodes.includes(error.code);
  log(`attempt ${attempt} of ${jobId} failed: ${reason}`);
  await client.graphql(failMutation, { input: { jobId, attempt, fencingToken, budget: outside ? 'infrastructure' : 'application', reason } })
    .catch((failed: unknown) => log(`failure of ${jobId} not told: ${failed instanceof Error ? failed.message : String(failed)}`));
}
