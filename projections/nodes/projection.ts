import type { Projection, Rows } from '@oort/kernel-projection';
import type { AuditEvent } from '@oort/schema/events/audit';
import type { NodesEvent } from '@oort/schema/events/nodes';
import { NodeEntity, type NodeStatus } from './entities';

const subscribes = [
  'NodeEnrolled', 'NodeBenchmarked', 'NodeActivated', 'NodeWentOffline', 'NodeCameOnline', 'NodeSuspended', 'SuspensionLifted', 'NodeReinstated',
  'NodeDraining', 'NodeRetired', 'VerdictReached',
] as const satisfies readonly (AuditEvent | NodesEvent)['type'][];

type Read = Extract<AuditEvent | NodesEvent, { readonly type: (typeof subscribes)[number] }>;

/** BetaQuantile(0.05; 1, 1): what is known of a node that nobody has audited yet (HONESTY: Rates). */
export const newcomersTrust = 0.05;

export const nodesProjection: Projection = {
  name: 'nodes', version: 3, subscribes, entities: [NodeEntity],
  apply: (event, rows) => apply({ type: event.type, data: event.data } as unknown as Read, event.metadata.occurredAt, rows),
};

async function apply(event: Read, occurredAt: string, rows: Rows): Promise<void> {
  const { nodeId } = event.data;
  switch (event.type) {
    case 'NodeEnrolled':
      await rows.insert(NodeEntity, {
        ...event.data, online: true, status: 'enrolled', statusBefore: 'enrolled', trust: newcomersTrust, suspendedFor: null, suspendedUntil: null,
        cores: null, memoryMb: null, diskMbPerS: null, inferencesPerS: null, wall: null, enrolledAt: occurredAt,
      });
      return;
    case 'NodeBenchmarked': {
      const { cores, memoryMb, diskMbPerS, inferencesPerS, wall = null } = event.data;
      await rows.update(NodeEntity, { nodeId }, { cores, memoryMb, diskMbPerS, inferencesPerS, wall });
      return;
    }
    case 'NodeWentOffline':
      await rows.update(NodeEntity, { nodeId }, { online: false });
      return;
    case 'NodeCameOnline':
      await rows.update(NodeEntity, { nodeId }, { online: true, endpoint: event.data.endpoint });
      return;
    case 'NodeSuspended': {
      const { reason, until = null } = event.data;
      const before = await rows.get(NodeEntity, { nodeId });
      const again = before.status === 'suspended';
      const lasts = again && (before.suspendedUntil === null || (until !== null && until < before.suspendedUntil));
      await rows.update(NodeEntity, { nodeId }, {
        status: 'suspended', statusBefore: again ? before.statusBefore : before.status, ...(lasts ? {} : { suspendedFor: reason, suspendedUntil: until }),
      });
      return;
    }
    case 'SuspensionLifted':
      await rows.update(NodeEntity, { nodeId }, { suspendedFor: event.data.reason, suspendedUntil: event.data.until });
      return;
    case 'NodeReinstated': {
      const { statusBefore } = await rows.get(NodeEntity, { nodeId });
      await rows.update(NodeEntity, { nodeId }, { status: statusBefore, suspendedFor: null, suspendedUntil: null });
      return;
    }
    case 'NodeActivated': return become(rows, nodeId, 'active');
    case 'NodeDraining': return become(rows, nodeId, 'draining');
    case 'NodeRetired':
      await rows.update(NodeEntity, { nodeId }, { status: 'retired', online: false, suspendedFor: null, suspendedUntil: null });
      return;
    case 'VerdictReached':
      await rows.update(NodeEntity, { nodeId }, { trust: event.data.trust });
      return;
  }
}

async function become(rows: Rows, nodeId: string, status: NodeStatus): Promise<void> {
  await rows.update(NodeEntity, { nodeId }, { status, suspendedFor: null, suspendedUntil: null });
}
