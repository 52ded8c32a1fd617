import { randomUUID } from 'node:crypto';
import type { EventStore } from '@oort/kernel-eventstore';
import type { DataPath } from '../data-path/data-path';

/** Writes down what edge caches gave wrong, with what they signed, for audits. */
export function recordRefutations(store: EventStore, dataPath: DataPath, now: () => Date): void {
  if (dataPath.edge === null) return;
  dataPath.edge.onRefuted = (data) => {
    const id = randomUUID();
    const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: now().toISOString(), schemaVersion: 1 };
    store.append(`storage_edge-${data.nodeId}`, 'any', [{ id, type: 'EdgeAnswerRefuted', data, metadata }])
      .catch((error: unknown) => process.emitWarning(`edge: ${String(error)}`));
  };
}
