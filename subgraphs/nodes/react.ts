// What other domains' events, and the nodes' heartbeats, make this domain do.
import { command, runReaction } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { memoryChains, receive } from '@oort/kernel-telemetry';
import { deriveId } from '@oort/kernel-wire';
import { findNode } from '@oort/projections-nodes';
import type { AuditEvent } from '@oort/schema/events/audit';
import { decodeReading } from '@oort/schema/telemetry/readings';
import type { Presence } from './presence';
import type { NodeHandler, NodesPorts } from './subgraph';

type Confirmed = Extract<AuditEvent, { readonly type: 'SlashConfirmed' }>['data'];
type Cleared = Extract<AuditEvent, { readonly type: 'NodeCleared' }>['data'];

const wholeBasisPoints = 10_000;
const week = 7 * 24 * 60 * 60 * 1000;

export async function startReactions(ports: NodesPorts, handle: NodeHandler, presence: Presence, signal: AbortSignal): Promise<void> {
  const { store, readModels, now, suspensionMs = week } = ports;
  await runReaction({
    name: 'nodes.slashed', store, database: readModels.database, subscribes: ['SlashConfirmed'], signal,
    react: async (event: RecordedEvent) => {
      const { caseId, nodeId, basisPoints } = event.data as unknown as Confirmed;
      const until = basisPoints === wholeBasisPoints ? null : new Date(Date.parse(event.metadata.occurredAt) + suspensionMs).toISOString();
      const data = { nodeId, caseId, reason: `slashed by ${basisPoints / 100} %`, until };
      await handle(nodeId, command('SuspendNode', data, { actor: 'platform', now: now(), id: deriveId('command', `suspend/${event.id}`), cause: event }));
    },
  });
  await runReaction({
    name: 'nodes.cleared', store, database: readModels.database, subscribes: ['NodeCleared'], signal,
    react: async (event: RecordedEvent) => {
      const { caseId, nodeId } = event.data as unknown as Cleared;
      // Most were never suspended: an accusation alone suspends nobody, and the refusal says so.
      await handle(nodeId, command('LiftSuspension', { nodeId, caseId }, { actor: 'platform', now: now(), id: deriveId('command', `reinstate/${event.id}`), cause: event }));
    },
  });
  // Presence ends with the process, so what is known of the chains does too.
  receive<null>({
    bus: ports.telemetry, topic: 'heartbeats', group: 'nodes', chains: memoryChains(), now, 
    // Of a node that has left too: that its last heartbeats change nothing is for its decider to say.
    publicKeyOf: async (nodeId) => (await findNode(readModels, nodeId))?.publicKey ?? null,
    async effect(received) {
      for (const { nodeId, readings, sealedAtMs } of received) {
        const last = readings.at(-1);
        if (last === undefined) continue;
        const { atMs, endpoint } = decodeReading('heartbeats', last);
        await presence.beat(nodeId, URL.canParse(endpoint) ? endpoint : null, new Date(Math.min(atMs, sealedAtMs)));
      }
    },
  }, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
