import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { parse } from 'graphql';
import { command, createHandler, type Outcome } from '@oort/kernel-decider';
import { liveNodes, nodePublicKey } from '@oort/projections-nodes';
import { prepareReadings, startReadings } from '@oort/projections-readings';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import type { NodeCommand } from './commands';
import { nodeDecider } from './decide';
import { createPresence } from './presence';
import { startReactions } from './react';
import type { NodesRefusal } from './refusals';
import { nodesResolvers } from './resolvers';
import type { NodeState } from './state';

export interface NodesPorts extends SubgraphPorts {
  /** Ed25519, hex: told to each node at enrolment. */
  readonly platformPublicKey: string;
  /** Silence after which a node counts as offline; 10 minutes unless told (DOMAINS: nodes). */
  readonly offlineMs?: number;
  /** Of a node that lost a tenth of its stake; 7 days unless told: so long its last results are audited again (HONESTY: Protocol, 6). */
  readonly suspensionMs?: number;
}

export type NodeHandler = (nodeId: string, asked: NodeCommand) => Promise<Outcome<NodeState, NodesRefusal>>;

const tenMinutes = 600_000;

export async function createNodesSubgraph(ports: NodesPorts): Promise<Subgraph> {
  const { store, readModels, now: clock, platformPublicKey, offlineMs = tenMinutes } = ports;
  const now = (): Date => clock();
  const handle = createHandler({ store, decider: nodeDecider, now });
  const presence = createPresence({
    now, offlineMs,
    markOnline: async (nodeId, endpoint) => {
      await handle(nodeId, command('MarkOnline', { nodeId, endpoint }, { actor: 'platform', now: now() }));
    },
    markOffline: async (nodeId, lastSeenAt) => {
      await handle(nodeId, command('MarkOffline', { nodeId, lastSeenAt }, { actor: 'platform', now: now() }));
    },
  });
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'nodes.graphql'), 'utf8');
  return {
    name: 'nodes', typeDefs: parse(sdl), resolvers: nodesResolvers({ readModels, now, handle, presence, platformPublicKey }),
    async start(signal) {
      const head = await store.head();
      if (head !== null) await readModels.waitFor('nodes', head, 60_000);
      const statuses = ['enrolled', 'active', 'suspended', 'draining'] as const;
      for (const node of await liveNodes(readModels, { statuses, online: 'either' })) presence.know(node);
      await prepareReadings(readModels.database);
      void startReactions(ports, handle, presence, signal);
      void keepReadings(ports, signal);
      void sweepOften(() => presence.sweep(), Math.max(offlineMs / 10, 200), signal);
    },
  };
}

async function keepReadings({ telemetry, readModels, now }: NodesPorts, signal: AbortSignal): Promise<void> {
  try {
    await startReadings({ bus: telemetry, database: readModels.database, now: () => now(), publicKeyOf: (nodeId) => nodePublicKey(readModels, nodeId) }, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function sweepOften(sweep: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of setInterval(everyMs, null, { signal })) await sweep();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
