// The platform in one process. Doors open last, when everything behind them runs, and close first.
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { openDoor, serveSupergraph, supergraphOf } from '@oort/gateway-graphql';
import { openS3Door, readS3Accounts } from '@oort/gateway-s3';
import { openIngestDoor } from '@oort/gateway-telemetry';
import { Fault } from '@oort/kernel-wire';
import { edgeMetrics } from '@oort/subgraphs-storage';
import { credentialsOver } from './credentials';
import { openDomains } from './domains';
import { openMetricsDoor } from './metrics';
import { layFoundation } from './platform';
import { choosePorts } from './ports';
import type { PlatformOptions, RunningPlatform } from './running-platform';

const supergraphFile = join(__dirname, '..', 'schema', 'supergraph.graphql');

class ChainHalted extends Fault {
  constructor(why: string) { super('CHAIN_HALTED', `the chain has halted: ${why}`); }
}

/** Throws what a person can act on: StoreLocked, StoreUnwritable, EADDRINUSE, EACCES, ENOSPC. */
export async function openPlatform({ directory, onEnd }: PlatformOptions): Promise<RunningPlatform> {
  const ports = await choosePorts(process.env);
  const s3Accounts = readS3Accounts(process.env['OORT_S3_ACCOUNTS'] || null);
  const foundation = await layFoundation(directory, (reason) => { onEnd(new ChainHalted(reason.message)); });
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
    await foundation.readModels.current();
    const domains = await openDomains(foundation, { domain: `127.0.0.1:${ports.graphql}` });
    const supergraph = await serveSupergraph(supergraphOf(domains.subgraphs, supergraphFile), domains.subgraphs, (line) => { process.stderr.write(line); });
    for (const subgraph of domains.subgraphs) await subgraph.start?.(stop.signal);
    await foundation.timers.start(stop.signal);
    const credentials = credentialsOver({ sessionKey: foundation.keys.sessionKey.publicKey, readModels: foundation.readModels, forgotten: domains.accounts.forgotten });
    const chain = await foundation.node.listen({ port: ports.chain });
    doors.push(() => chain.close());
    const ingest = await openIngestDoor({ port: ports.ingest, telemetry: foundation.telemetry, content: domains.content, access: domains.access, credentials });
    doors.push(() => ingest.close());
    const s3 = await openS3Door({ port: ports.s3, objects: domains.storage.objects, ...s3Accounts((id) => domains.accounts.s3Keys.find(id)), now: () => new Date() });
    doors.push(() => s3.close());
    const graphql = await openDoor({ port: ports.graphql, supergraph, credentials, cacheDirectory: join(directory, 'cache') });
    doors.push(() => graphql.close());
    const metrics = await openMetricsDoor(process.env, foundation.readModels, foundation.node, () => edgeMetrics(domains.storage.edge));
    if (metrics !== null) doors.push(() => metrics.close());
    return { addresses: { graphql: graphql.url, graphqlWebSocket: graphql.url.replace(/^http/, 'ws'), s3: s3.url, ingest: ingest.url, chain: chain.url }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
