// What other domains' events, and the nodes' heartbeats, make this domain do.
import { command, runReaction } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { EnvelopeRejected, openEnvelope, senderOf, type Envelope } from '@oort/kernel-telemetry';
import { deriveId, type Json } from '@oort/kernel-wire';
import { nodePublicKey } from '@oort/projections-nodes';
import type { SubgraphPorts } from '@oort/schema';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { Presence } from './presence';
import type { NodeHandler } from './subgraph';

type Confirmed = Extract<AuditEvent, { readonly type: 'SlashConfirmed' }>['data'];

export async function startReactions(ports: SubgraphPorts, handle: NodeHandler, presence: Presence, signal: AbortSignal): Promise<void> {
  const { store, readModels, now } = ports;
  await runReaction({
    name: 'nodes.slashed', store, database: readModels.database, subscribes: ['SlashConfirmed'], signal,
    react: async (event: RecordedEvent) => {
      const { caseId, nodeId, basisPoints } = event.data as unknown as Confirmed;
      const data = { nodeId, caseId, reason: `slashed by ${basisPoints / 100} %` };
      await handle(nodeId, command('SuspendNode', data, { actor: 'platform', now: now(), id: deriveId('command', `suspend/${event.id}`), cause: event }));
    },
  });
  ports.telemetry.consume('heartbeats', 'nodes', async ({ value }) => {
    const envelope = await opened(ports, value);
    if (envelope !== null) await presence.beat(envelope.nodeId, endpointOf(envelope.payload), new Date(envelope.sealedAt));
  }, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Null for what nobody of ours has signed: it moves nothing, and needs no second try. */
async function opened({ readModels }: SubgraphPorts, bytes: Buffer): Promise<Envelope | null> {
  try {
    const publicKey = await nodePublicKey(readModels, senderOf(bytes));
    return publicKey === null ? null : openEnvelope(bytes, publicKey);
  } catch (error) {
    if (error instanceof EnvelopeRejected) return null;
    throw error;
  }
}

function endpointOf(payload: Json): string | null {
  const endpoint = payload !== null && typeof payload === 'object' && 'endpoint' in payload ? payload['endpoint'] : null;
  return typeof endpoint === 'string' && URL.canParse(endpoint) ? endpoint : null;
}
