// A lane asks for its kinds of work, runs what it is given in the sandbox, keeps the leases alive meanwhile, and hands results
// to the outbox. A lease that the platform no longer knows ends its run: somebody else has the job.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { signWith } from '@oort/kernel-identity';
import { canonicalJson, Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { commitmentHash, commitmentStatement, resultStatement } from '@oort/schema/statements';
import { faulted, type AgentFault } from './agent-fault';
import type { Identity } from './enrolment';
import { NetworkOff } from './network-switch';
import type { FinishedAttempt, Outbox } from './outbox';
import { PlatformUnreachable, type PlatformClient } from './platform-client';
import type { Sandbox } from './sandbox';
import type { TelemetrySender } from './telemetry/sender';

export interface Lane {
  readonly kinds: readonly JobKind[];
  /** Jobs taken at once, and run at once. */
  readonly max: number;
  readonly parallel: number;
  readonly timeoutMs: number;
}

export interface WorkPorts {
  readonly identity: Identity;
  readonly client: PlatformClient;
  readonly sandbox: Sandbox;
  readonly outbox: Outbox;
  readonly telemetry: TelemetrySender;
  readonly fault: AgentFault | null;
  readonly checkpointEveryMs: number;
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
const outsideCodes: readonly string[] = ['CONTENT_UNAVAILABLE', 'PLATFORM_UNREACHABLE', 'PLATFORM_REJECTED', 'NETWORK_OFF'];
const waitMs = 15_000;
const pauseMs = 1000;

/** Resolves when the signal aborts. */
export async function workLane(lane: Lane, ports: WorkPorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { leaseWork } = await ports.client.graphql<Offer>(
        leaseMutation, { input: { kinds: lane.kinds, waitMs, max: lane.max } }, { signal, timeoutMs: waitMs + 10_000 });
      if (leaseWork.__typename === 'Refusal') await sleep(pauseMs, undefined, { signal });
      else await runAll(lane, leaseWork.leases, leaseWork.leaseTtlMs, ports, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof PlatformUnreachable || error instanceof NetworkOff)) ports.log(`work: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function runAll(lane: Lane, leases: readonly Lease[], leaseTtlMs: number, ports: WorkPorts, signal: AbortSignal): Promise<void> {
  const held = new Map(leases.map((lease) => [lease.jobId, { lease, controller: new AbortController() }]));
  const renewal = setInterval(() => { void renewAll(held, ports); }, leaseTtlMs / 3);
  const stop = (): void => { for (const { controller } of held.values()) controller.abort(); };
  signal.addEventListener('abort', stop);
  const queue = [...held.values()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !signal.aborted; next = queue.shift()) {
      if (!next.controller.signal.aborted) await runOne(lane, next, ports);
      held.delete(next.lease.jobId);
    }
  };
  try {
    await Promise.all(Array.from({ length: lane.parallel }, worker));
  } finally {
    clearInterval(renewal);
    signal.removeEventListener('abort', stop);
  }
}

async function runOne(lane: Lane, { lease, controller }: Held, ports: WorkPorts): Promise<void> {
  const { jobId, kind, attempt, fencingToken, spec } = lease;
  const startedAt = new Date().toISOString();
  try {
    const { output, units } = faulted(ports.fault, kind, await ports.sandbox.run(kind, spec, {
      ...contentPorts(lease, ports), timeoutMs: lane.timeoutMs, signal: controller.signal, checkpointEveryMs: ports.checkpointEveryMs,
      resume: lease.checkpoint === null ? null : await ports.client.fetchContent(lease.checkpoint.contentId),
    }));
    ports.outbox.add({ jobId, attempt, fencingToken, ...signed(ports, jobId, attempt, output), output, units, startedAt, endedAt: new Date().toISOString() });
    report(ports, lease, units, Date.now() - Date.parse(startedAt));
  } catch (error) {
    // A run that was stopped from outside is nobody's failure: the lease runs out, or is another's already.
    if (!controller.signal.aborted) await reportFailure(lease, error, ports);
  }
}

function signed({ identity: { key }, fault }: WorkPorts, jobId: string, attempt: number, output: Json): Pick<FinishedAttempt, 'salt' | 'commitment' | 'commitmentSignature' | 'resultSignature'> {
  const salt = randomBytes(16).toString('hex');
  const answer = { jobId, attempt, resultHash: sha256Hex(canonicalJson(output)), salt };
  const commitment = commitmentHash(key.publicKey, fault === 'reveal-differs' ? { ...answer, resultHash: sha256Hex('another') } : answer);
  return {
    salt, commitment, commitmentSignature: signWith(key, commitmentStatement({ jobId, attempt, commitment })),
    resultSignature: signWith(key, resultStatement(answer)),
  };
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
      renewMutation, { input: { leases: renewed.map(({ lease: { jobId, attempt, fencingToken } }) => ({ jobId, attempt, fencingToken })) } });
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
