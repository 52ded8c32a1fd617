// What happened elsewhere and concerns storage: nodes come, go and fall silent, and repair looks at once instead of at its next turn.
// A block on the chain is the beacon of challenges.
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { NodesEvent } from '@oort/schema/events/nodes';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { PossessionAudit } from './possession-audit';
import type { RepairLoop } from './repair';

export const reactsTo = [
  'NodeActivated', 'NodeCameOnline', 'NodeWentOffline', 'NodeSuspended', 'NodeDraining', 'NodeRetired', 'LogAnchored',
] as const satisfies readonly (NodesEvent | LedgerEvent)['type'][];

export function react({ type, data }: RecordedEvent, repair: RepairLoop, possession: PossessionAudit): Promise<void> {
  if (type === 'LogAnchored') {
    const { blockHash, blockNumber, treeSize } = data as Extract<LedgerEvent, { readonly type: 'LogAnchored' }>['data'];
    // Not awaited: nodes that are slow to answer must not hold up what else happens.
    void possession.onBeacon({ blockHash, blockNumber, treeSize });
    return Promise.resolve();
  }
  repair.wake();
  return Promise.resolve();
}
