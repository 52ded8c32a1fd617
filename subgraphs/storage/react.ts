// What happened elsewhere and concerns storage: nodes come, go and fall silent, and repair looks at once instead of at its next turn.
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { NodesEvent } from '@oort/schema/events/nodes';
import type { RepairLoop } from './repair';

export const reactsTo = ['NodeActivated', 'NodeCameOnline', 'NodeWentOffline', 'NodeSuspended', 'NodeDraining', 'NodeRetired'] as const satisfies readonly NodesEvent['type'][];

export function react(_event: RecordedEvent, repair: RepairLoop): Promise<void> {
  repair.wake();
  return Promise.resolve();
}
