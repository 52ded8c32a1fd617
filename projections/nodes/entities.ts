import { EntitySchema } from 'typeorm';
import type { NodeKind } from '@oort/schema/events/nodes';

export const nodesSchema = 'nodes';

export type NodeStatus = 'enrolled' | 'active' | 'suspended' | 'draining' | 'retired';

export interface NodeRow {
  nodeId: string;
  kind: NodeKind;
  name: string;
  /** 0x address of the wallet that stakes for the node and is paid. */
  operator: string;
  region: string;
  network: string;
  runtimeClass: string;
  endpoint: string | null;
  /** Ed25519, 32 bytes, hex. */
  publicKey: string;
  online: boolean;
  status: NodeStatus;
  /** What a reinstatement returns a suspended node to. */
  statusBefore: NodeStatus;
  trust: number;
  suspendedFor: string | null;
  suspendedUntil: string | null;
  cores: number | null;
  memoryMb: number | null;
  diskMbPerS: number | null;
  inferencesPerS: number | null;
  wall: string | null;
  enrolledAt: string;
}

export const NodeEntity = new EntitySchema<NodeRow>({
  name: 'Node', tableName: 'node', schema: nodesSchema,
  columns: {
    nodeId: { type: 'text', primary: true },
    kind: { type: 'text' },
    name: { type: 'text' },
    operator: { type: 'text' },
    region: { type: 'text' },
    network: { type: 'text' },
    runtimeClass: { type: 'text' },
    endpoint: { type: 'text', nullable: true },
    publicKey: { type: 'text' },
    online: { type: 'boolean' },
    status: { type: 'text' },
    statusBefore: { type: 'text' },
    trust: { type: 'double precision' },
    suspendedFor: { type: 'text', nullable: true },
    suspendedUntil: { type: 'text', nullable: true },
    cores: { type: 'int', nullable: true },
    memoryMb: { type: 'int', nullable: true },
    diskMbPerS: { type: 'double precision', nullable: true },
    inferencesPerS: { type: 'double precision', nullable: true },
    wall: { type: 'text', nullable: true },
    enrolledAt: { type: 'text' },
  },
  indices: [{ name: 'node_status', columns: ['status'] }, { name: 'node_operator', columns: ['operator'] }],
});
