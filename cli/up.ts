// `oort up`: the platform in one process. Doors open last, when everything behind them runs, and close first.
import { setMaxListeners } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDoor, serveSupergraph, supergraphOf, type Credentials } from '@oort/gateway-graphql';
import { openS3Door } from '@oort/gateway-s3';
import { openIngestDoor } from '@oort/gateway-telemetry';
import { readSession } from '@oort/kernel-identity';
import { messageOf } from '@oort/kernel-wire';
import { nodePublicKey } from '@oort/projections-nodes';
import { openDomains } from './domains';
import { fleetOf, startFleet } from './fleet';
import { openMetricsDoor } from './metrics';
import { layFoundation, type Foundation } from './platform';
import { choosePorts } from './ports';
import { readOptions } from './usage';

export interface Addresses {
  readonly graphql: string;
  readonly graphqlWebSocket: string;
  readonly s3: string;
  readonly ingest: string;
  readonly chain: string;
}

export interface RunningPlatform { readonly addresses: Addresses; close(): Promise<void> }

const triedBytes = 256 * 1024;
const supergraphFile = join(__dirname, '..', 'schema', 'supergraph.graphql');

export async function up(commandLine: readonly string[]): Promise<void> {
  const { values } = readOptions(commandLine, { data: { type: 'string', default: '.oort' }, agents: { type: 'string', default: '' }, json: { type: 'boolean', default: false } });
  const fleet = fleetOf(values.agents);
  const directory = resolve(values.data);
  const { asked, stop } = stopAsked();
  const platform = await openPlatform(directory, (reason) => {
    process.stderr.write(`oort: the chain has halted: ${reason.message}\n`);
    process.exitCode = 1;
    stop();
  });
  const { addresses } = platform;
  process.stdout.write(values.json ? `${JSON.stringify({ ready: true, ...addresses })}\n` : told(addresses, directory));
  const agents = await startFleet(fleet, addresses, join(directory, 'agents'), (line) => {
    if (!values.json) process.stdout.write(`${line}\n`);
  });
  await asked;
  await agents.close();
  await platform.close();
}

/** Throws what a person can act on: StoreLocked, StoreUnwritable, EADDRINUSE, EACCES, ENOSPC. */
export async function openPlatform(directory: string, onHalt: (reason: Error) => void): Promise<RunningPlatform> {
  const ports = await choosePorts(process.env);
  mkdirSync(directory, { recursive: true });
  tryToWrite(join(directory, `.try-${process.pid}`));
  const foundation = await layFoundation(directory, onHalt);
  const stop = new AbortController();
  // Every loop of every domain listens to it: that is no leak.
  setMaxListeners(0, stop.signal);
  const doors: (() => Promise<unknown>)[] = [() => foundation.close()];
  const close = async (): Promise<void> => {
    const [last, ...first] = doors.splice(0);
    for (const one of first.reverse()) await one();
    stop.abort();
    await last?.();
  };
  try {
    await foundation.readModels.start(stop.signal);
    const domains = await openDomains(foundation, { domain: `127.0.0.1:${ports.graphql}` });
    const supergraph = await serveSupergraph(supergraphOf(domains.subgraphs, supergraphFile), domains.subgraphs, (line) => { process.stderr.write(line); });
    for (const subgraph of domains.subgraphs) await subgraph.start?.(stop.signal);
    await foundation.timers.start(stop.signal);
    const credentials = credentialsOver(foundation, domains.accounts.forgotten);
    const chain = await foundation.node.listen({ port: ports.chain });
    doors.push(() => chain.close());
    const ingest = await openIngestDoor({ port: ports.ingest, telemetry: foundation.telemetry, content: domains.content, access: domains.access, credentials });
    doors.push(() => ingest.close());
    const s3 = await openS3Door({ port: ports.s3, objects: domains.storage.objects, findS3Key: (id) => domains.accounts.s3Keys.find(id), now: () => new Date() });
    doors.push(() => s3.close());
    const graphql = await openDoor({ port: ports.graphql, supergraph, credentials, cacheDirectory: join(directory, 'cache') });
    doors.push(() => graphql.close());
    const metrics = await openMetricsDoor(process.env, foundation.readModels);
    if (metrics !== null) doors.push(() => metrics.close());
    return { addresses: { graphql: graphql.url, graphqlWebSocket: graphql.url.replace(/^http/, 'ws'), s3: s3.url, ingest: ingest.url, chain: chain.url }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Before LMDB, which tells of a full disk on stderr in words of its own. Throws EACCES, ENOSPC. */
function tryToWrite(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(triedBytes));
  } finally {
    rmSync(file, { force: true });
  }
}

function credentialsOver({ keys, readModels }: Foundation, forgotten: { has(accountId: string): boolean }): Credentials {
  // A node's key never changes, so it is asked for once.
  const known = new Map<string, string>();
  return {
    session(token) {
      const session = readSession(token, keys.sessionKey.publicKey, new Date());
      return session === null || forgotten.has(session.accountId) ? null : session;
    },
    async nodeKey(nodeId) {
      const publicKey = known.get(nodeId) ?? await nodePublicKey(readModels, nodeId);
      if (publicKey !== null) known.set(nodeId, publicKey);
      return publicKey;
    },
    now: () => new Date(),
  };
}

/** Ctrl-C once ends in order; twice ends at once, which loses nothing either. */
function stopAsked(): { readonly asked: Promise<void>; stop(): void } {
  let stop = (): void => undefined;
  const asked = new Promise<void>((done) => { stop = done; });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => { process.exit(130); });
      stop();
    });
  }
  process.on('unhandledRejection', (reason) => {
    process.stderr.write(`oort: ${messageOf(reason)}\n${reason instanceof Error ? reason.stack ?? '' : ''}\n`);
    process.exit(1);
  });
  return { asked, stop: () => { stop(); } };
}

function told({ graphql, graphqlWebSocket, s3, ingest, chain }: Addresses, directory: string): string {
  return `
  GraphQL        ${graphql}   (GraphiQL: ${new URL('/', graphql).href})
  subscriptions  ${graphqlWebSocket}
  S3             ${s3}
  ingest         ${ingest}
  chain JSON-RPC ${chain}
  data           ${directory}

Ctrl-C ends it; starting again goes on from here.
`;
}
