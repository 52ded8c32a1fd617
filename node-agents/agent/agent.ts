// What every agent is: an identity, a heartbeat, a benchmark, lanes of work. A restart on the same directory is the same node.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ContentCorrupt, ContentMissing, diskContentStore, type ContentStore } from '@oort/kernel-content';
import { Fault, messageOf, type Json } from '@oort/kernel-wire';
import type { NodeKind } from '@oort/schema/events/nodes';
import { agentBackend } from './agent-backend';
import { faultFrom } from './agent-fault';
import { enrolled, type EnrolmentOptions, type Identity } from './enrolment';
import { installedGpu } from './gpu';
import { measureMachine } from './machine';
import type { ExecutionBackend } from './execution-backend';
import { openOutbox } from './outbox';
import { openDiskStore } from './pieces/disk-store';
import { openAnswerable, type OpenAnswerable } from './pieces/answerable';
import type { CourtOptions } from './pieces/leaf-court';
import type { PieceStore } from './pieces/port';
import { startPieceServer, type PieceServer } from './pieces/server';
import { platformClient, type PlatformClient } from './platform-client';
import { strongestWall } from './enclosure/walls';
import { hasBubblewrap, openSandbox, type SandboxOptions } from './sandbox';
import { answerSigner } from './signing';
import { readState, writeState } from './state-file';
import { reportInventory, reportResources } from './telemetry/machine-readings';
import { telemetrySender, type TelemetrySender } from './telemetry/sender';
import { telemetryTransport } from './telemetry/transport';
import { workLane, type Lane } from './work-loop';

export interface AgentOptions extends EnrolmentOptions {
  /** Default: the process's own. OORT_FAULT makes the agent cheat (agent-fault.ts), OORT_CHECKPOINT_MS is the time between
   *  checkpoints of a training job (2000), OORT_POOL and OORT_CHAIN_RPC are `court`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** For containers, in place of this machine's walls: a provider's cluster. */
  backend?(directory: string): ExecutionBackend;
  /** For a node that a pool answers for: whoever doubts that it has its pieces may ask it on the chain. */
  readonly court?: CourtOptions;
  /** The device's; it may be wrong. */
  clock?(): Date;
  log?(text: string): void;
}

/** What a kind of agent adds to the core. */
export interface AgentTraits {
  readonly lanes: readonly Lane[];
  /** Where its pieces lie; null for an agent that keeps none. */
  readonly pieces: ((directory: string) => Promise<PieceStore>) | null;
  /** Runs beside the work, until the signal aborts. */
  beside?(agent: AgentContext): Promise<void>;
}

export interface AgentContext {
  readonly identity: Identity;
  readonly client: PlatformClient;
  readonly telemetry: TelemetrySender;
  readonly directory: string;
  readonly signal: AbortSignal;
  log(text: string): void;
}

export interface RunningAgent {
  readonly nodeId: string;
  /** Of its piece server; null for an agent without one. */
  readonly endpoint: string | null;
  close(): Promise<void>;
}

const heartbeatMs = 2000;
const mebibyte = 1024 * 1024;
const minute = 60_000;
const benchmarkAfterMs = 24 * 60 * minute;
const benchmarkLookMs = 60 * minute;

const inferenceLane: Lane = { kinds: ['evaluation', 'inference'], max: 8, parallel: 1, timeoutMs: 5 * minute };
const containerLane: Lane = { kinds: ['container'], max: 1, parallel: 1, timeoutMs: 60 * minute };
const trainingLane: Lane = { kinds: ['training'], max: 1, parallel: 1, timeoutMs: 60 * minute };
const preprocessLane: Lane = { kinds: ['preprocess'], max: 24, parallel: 4, timeoutMs: minute };

export const traitsOf: Readonly<Record<NodeKind, AgentTraits>> = {
  super: { lanes: [inferenceLane, trainingLane, containerLane], pieces: openDiskStore },
  archive: { lanes: [], pieces: openDiskStore },
  edge: { lanes: [preprocessLane], pieces: null },
};

/** Resolves once the node is enrolled, benchmarked and listening. Throws EnrolmentRefused, PlatformUnreachable. */
export async function startAgent(options: AgentOptions, traits: AgentTraits = traitsOf[options.kind]): Promise<RunningAgent> {
  const { directory, platform, ingest } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const log = options.log ?? ((text: string): void => { process.stderr.write(`${text}\n`); });
  const environment = options.environment ?? process.env;
  const fault = faultFrom(environment);
  const checkpointEveryMs = Number(environment['OORT_CHECKPOINT_MS'] ?? 2000);
  if (fault !== null) log(`this agent cheats on purpose: ${fault.name}`);
  const gpu = installedGpu(directory) !== null;
  const isNewNode = readState<Identity>(join(directory, 'identity.json')) === null;
  const identity = await enrolled(options);
  const client = platformClient({ platform, ingest, directory, key: identity.key, nodeId: identity.nodeId, ...(options.clock === undefined ? {} : { clock: () => options.clock?.() ?? new Date() }) });
  const stop = new AbortController();
  const { signal } = stop;
  const pieces = await servePieces(directory, identity, traits, { client, court: options.court ?? courtFrom(environment), log, signal });
  const endpoint = pieces?.server.endpoint ?? null;
  const { nodeId, key } = identity;
  const transport = telemetryTransport({ nodeId, key, directory, client, environment });
  const telemetry = telemetrySender({ directory: join(directory, 'telemetry'), nodeId, key, isNewNode, transport, bufferBytes: bufferBytesFrom(environment), log });
  const lanes = lanesFor(traits, options.backend?.(directory) ?? null, { directory, gpu });
  const outbox = openOutbox(directory, client, log, fault);
  const sign = answerSigner(identity, client, fault);
  const cached = cachedContent(join(directory, 'content'), client);
  const beating = [
    telemetry.run(signal), beat(endpoint, telemetry, log, signal), reportResources(directory, telemetry, signal),
    ...(pieces === null ? [] : [reportInventory(pieces.store, telemetry, signal)]),
  ];
  await benchmarked({ directory, gpu }, client, log, null);
  const working = [
    ...beating, outbox.run(signal), benchmarkedAgain({ directory, gpu }, client, log, signal),
    ...lanes.map(({ lane, backend }) => workLane(lane, { sign, client, telemetry, outbox, fault, log, checkpointEveryMs, fetchCached: cached, backend, gpu, leaseFile: join(directory, 'leases', `${lane.kinds.join('-')}.json`) }, signal)),
    traits.beside?.({ identity, client, telemetry, directory, signal, log }) ?? Promise.resolve(),
  ];
  for (const part of working) part.catch((error: unknown) => { if (!signal.aborted) log(`agent: ${error instanceof Error ? error.stack ?? error.message : String(error)}`); });
  return {
    nodeId: identity.nodeId, endpoint,
    async close() {
      stop.abort();
      for (const { backend } of lanes) backend.close();
      await Promise.allSettled(working);
      await telemetry.close();
      await pieces?.server.close();
      await pieces?.store.close();
    },
  };
}

/** A lane with nothing that this machine may run is not opened. */
function lanesFor({ lanes }: AgentTraits, cluster: ExecutionBackend | null, sandbox: SandboxOptions): readonly { readonly lane: Lane; readonly backend: ExecutionBackend }[] {
  return lanes.flatMap((lane) => {
    const backend = cluster !== null && lane.kinds.every((kind) => cluster.kinds.includes(kind)) ? cluster : agentBackend(sandbox);
    const kinds = lane.kinds.filter((kind) => backend.kinds.includes(kind));
    return kinds.length === 0 ? [] : [{ lane: { ...lane, kinds }, backend }];
  });
}

function bufferBytesFrom(environment: Readonly<Record<string, string | undefined>>): number {
  const wanted = Number(environment['OORT_TELEMETRY_BUFFER_MB'] ?? 64);
  if (!(wanted > 0)) throw new Fault('TELEMETRY_BUFFER_INVALID', 'OORT_TELEMETRY_BUFFER_MB is a number of mebibytes over 0');
  return wanted * mebibyte;
}

function courtFrom({ OORT_POOL: pool, OORT_CHAIN_RPC: rpc }: Readonly<Record<string, string | undefined>>): CourtOptions | null {
  return pool === undefined || rpc === undefined ? null : { pool, rpc };
}

interface Serving { readonly client: PlatformClient; readonly court: CourtOptions | null; readonly signal: AbortSignal; log(text: string): void }

async function servePieces(directory: string, identity: Identity, { pieces }: AgentTraits, { client, court, log, signal }: Serving): Promise<{ readonly server: PieceServer; readonly store: PieceStore } | null> {
  if (pieces === null) return null;
  const disk = await pieces(join(directory, 'pieces'));
  // A cache promises nothing.
  const answerable = court === null || disk.isCache === true ? null : await answerableOn(court, disk, directory, log);
  const store = answerable?.living ?? disk;
  const { nodeId, key, platformPublicKey } = identity;
  const path = join(directory, 'endpoint.json');
  // The same port as before, if it is still free, so that nobody has to be told of a new one.
  const before = readState<{ readonly port: number }>(path)?.port ?? 0;
  const start = (port: number): Promise<PieceServer> => startPieceServer({
    // Orders end by the platform's clock, which a device's may be far from.
    store, nodeId, key, platformPublicKey, port, now: () => client.now(), ...(answerable === null ? {} : { answerable }),
  });
  const server = before === 0 ? await start(0) : await start(before).catch(() => start(0));
  writeState(path, { port: Number(new URL(server.endpoint).port) });
  answerable?.defend((root, index) => server.answerOf(root, index), signal).catch((error: unknown) => { if (!signal.aborted) log(`leaf court: ${messageOf(error)}`); });
  return { server, store };
}

async function answerableOn(court: CourtOptions, disk: PieceStore, directory: string, log: (text: string) => void): Promise<OpenAnswerable> {
  // Loaded where it is asked for: the client of the chain is large.
  const { openLeafCourt } = require('./pieces/leaf-court') as typeof import('./pieces/leaf-court');
  const seat = await openLeafCourt(directory, court);
  log(`leaf court: ${court.pool} answers for this node once it has enlisted ${seat.node}, which needs a little OORT to answer with`);
  const answerable = await openAnswerable(disk, { seat, directory, log, now: () => new Date() });
  return { ...answerable, defend: (answerOf, signal) => answerable.defend(answerOf, signal).finally(() => { seat.close(); }) };
}

async function beat(endpoint: string | null, telemetry: TelemetrySender, log: (text: string) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await telemetry.record('heartbeats', { atMs: telemetry.nowMs(), endpoint: endpoint ?? '' }).catch((error: unknown) => { log(`heartbeat: ${messageOf(error)}`); });
    await sleep(heartbeatMs, undefined, { signal }).catch(() => undefined);
  }
}

const benchmarkMutation = `mutation Benchmark($input: ReportBenchmarkInput!) {
  reportBenchmark(input: $input) { __typename ... on Refusal { code message } }
}`;

/** When a node joins, and again when what it measured is older than `olderMs`. */
async function benchmarked(options: SandboxOptions, client: PlatformClient, log: (text: string) => void, olderMs: number | null): Promise<void> {
  const { directory } = options;
  const path = join(directory, 'benchmark.json');
  const before = readState<{ readonly atMs?: number }>(path);
  if (before !== null && (olderMs === null || Date.now() - (before.atMs ?? 0) < olderMs)) return;
  const sandbox = openSandbox(options);
  const nowhere = (): Promise<never> => Promise.reject(new ContentMissing('none'));
  const { output } = await sandbox.run('benchmark', null, {
    fetchContent: nowhere, storeContent: nowhere, checkpoint: nowhere, resume: null, signal: new AbortController().signal, timeoutMs: minute, checkpointEveryMs: minute,
  });
  sandbox.close();
  const measured: Record<string, Json> = { ...await measureMachine(directory), ...output as { readonly inferencesPerS: number }, wall: strongestWall() };
  const { reportBenchmark } = await client.graphql<{ readonly reportBenchmark: { readonly __typename: string; readonly message?: string } }>(benchmarkMutation, { input: measured });
  if (reportBenchmark.__typename === 'Refusal') return log(`benchmark refused: ${reportBenchmark.message ?? ''}`);
  log(`sandbox: ${hasBubblewrap() ? 'bubblewrap' : 'a plain process (bubblewrap does not work here)'}; foreign programs: ${strongestWall() === 'process' ? 'none, only ONNX graphs run' : `behind ${strongestWall()}`}`);
  writeState(path, { ...measured, atMs: Date.now() });
}

/** Machines grow old, and their owners use them too. */
async function benchmarkedAgain(options: SandboxOptions, client: PlatformClient, log: (text: string) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(benchmarkLookMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await benchmarked(options, client, log, benchmarkAfterMs).catch((error: unknown) => { log(`benchmark: ${messageOf(error)}`); });
  }
}

/** Models and examples are read by job after job: once from the platform, then from the node's own disk. */
function cachedContent(directory: string, client: PlatformClient): (contentId: string) => Promise<Buffer> {
  const store: ContentStore = diskContentStore(directory);
  return async (contentId) => {
    try {
      return await store.get(contentId);
    } catch (error) {
      if (!(error instanceof ContentMissing) && !(error instanceof ContentCorrupt)) throw error;
      const bytes = await client.fetchContent(contentId);
      await store.put(bytes);
      return bytes;
    }
  };
}
