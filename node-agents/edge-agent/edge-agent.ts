import { setTimeout as sleep } from 'node:timers/promises';
import { openCacheStore, type CacheStats, type CacheStore } from '@oort/node-agents-agent/pieces/cache-store';
import { startAgent, traitsOf, type AgentContext, type AgentOptions, type RunningAgent } from '@oort/node-agents-agent';
import { OfflineInference } from './offline';

export interface EdgeAgentOptions extends Omit<AgentOptions, 'kind'> { /** It keeps copies of what is read near it, up to so many bytes. */ readonly cacheBytes?: number }

const reportMs = 60_000;

export function startEdgeAgent({ cacheBytes, ...options }: EdgeAgentOptions): Promise<RunningAgent> {
  if (cacheBytes === undefined) return startAgent({ ...options, kind: 'edge' }, { ...traitsOf.edge, beside: inferOffline });
  let cache: CacheStore | null = null;
  const pieces = async (directory: string): Promise<CacheStore> => {
    cache = await openCacheStore(directory, cacheBytes);
    return cache;
  };
  const beside = async (agent: AgentContext): Promise<void> => { await Promise.all([inferOffline(agent), report(() => cache?.stats() ?? null, agent)]); };
  return startAgent({ ...options, kind: 'edge' }, { ...traitsOf.edge, pieces, beside });
}

/** Whoever owns the machine sees what it is used for. */
async function report(stats: () => CacheStats | null, { signal, log }: AgentContext): Promise<void> {
  for (let before = ''; !signal.aborted;) {
    const now = stats();
    const line = now === null ? '' : `cache: ${now.pieces} pieces, ${now.bytes} bytes; ${now.hits} hits, ${now.misses} misses, ${now.evictions} evicted, ${now.purges} purged`;
    if (line !== before) log(line);
    before = line;
    await sleep(reportMs, undefined, { signal }).catch(() => undefined);
  }
}

function inferOffline({ identity: { nodeId, key, platformPublicKey }, client, directory, signal, log }: AgentContext): Promise<void> {
  const offline = new OfflineInference({
    directory, nodeId, key, platformPublicKey, now: () => client.now(), warn: log,
    graphql: (document, variables) => client.graphql(document, variables), fetchContent: (contentId) => client.fetchContent(contentId),
  });
  return offline.run(signal);
}
