// Events as the port has them, from what the client gives.
import type { AllStreamResolvedEvent, ResolvedEvent } from '@eventstore/db-client';
import type { EventMetadata, RecordedEvent } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';

/** Null for the database's own bookkeeping (`$metadata` and the like, written without metadata of ours). */
export function recordedOf({ event }: ResolvedEvent | AllStreamResolvedEvent): RecordedEvent | null {
  if (event === undefined) return null;
  const metadata: unknown = event.metadata;
  if (!isMetadata(metadata) && event.type.startsWith('$')) return null;
  const data: unknown = event.data;
  return {
    id: event.id,
    type: event.type,
    stream: event.streamId,
    revision: event.revision,
    position: event.position?.commit ?? 0n,
    data: data instanceof Uint8Array ? Buffer.from(data).toString('base64') : data as Json,
    metadata: isMetadata(metadata) ? metadata : foreign(event.id, event.created),
  };
}

/** Somebody wrote it with another program. */
function foreign(id: string, created: Date): EventMetadata {
  return { actor: 'anonymous', correlationId: id, causationId: id, occurredAt: created.toISOString(), schemaVersion: 1 };
}

function isMetadata(value: unknown): value is EventMetadata {
  return typeof value === 'object' && value !== null && 'actor' in value && 'occurredAt' in value && 'schemaVersion' in value;
}
