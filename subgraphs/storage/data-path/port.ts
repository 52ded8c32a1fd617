import type { NodeKind } from '@oort/schema/events/nodes';

/** A node that keeps pieces, as the nodes domain knows it. */
export interface StorageNode {
  readonly nodeId: string;
  readonly kind: NodeKind;
  readonly operator: string;
  readonly region: string;
  readonly network: string;
  /** Where its piece server listens; null when it only calls out. */
  readonly endpoint: string | null;
  /** Ed25519, hex: what its receipts are checked with. */
  readonly publicKey: string;
  readonly online: boolean;
  /** Only active nodes are given new pieces; a suspended or draining one may still be read from. Default: active. */
  readonly status?: string;
  readonly trust: number;
}

/** Every node that has not left for good, online or not, active or not: one that is away still counts for the size of the network. */
export type StorageNodes = () => Promise<readonly StorageNode[]>;
