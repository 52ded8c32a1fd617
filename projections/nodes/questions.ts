import { In, MoreThan, type FindOptionsWhere } from 'typeorm';
import type { ReadModels } from '@oort/kernel-projection';
import type { NodeKind } from '@oort/schema/events/nodes';
import { NodeEntity, type NodeRow, type NodeStatus } from './entities';

export interface LiveNode {
  readonly nodeId: string;
  readonly kind: NodeKind;
  readonly name: string;
  readonly operator: string;
  readonly region: string;
  readonly network: string;
  readonly endpoint: string | null;
  readonly publicKey: string;
  readonly online: boolean;
  readonly status: NodeStatus;
  readonly trust: number;
  readonly runtimeClass: string;
  /** Of its benchmark; 0 before it. */
  readonly cores: number;
  readonly memoryMb: number;
}

/** What is left out does not matter, except that a live node is active and online unless told otherwise. */
export interface LiveNodesFilter {
  readonly kinds?: readonly NodeKind[];
  readonly nodeIds?: readonly string[];
  readonly statuses?: readonly NodeStatus[];
  readonly online?: boolean | 'either';
}

/** In the order of their ids. */
export async function liveNodes(
  { database }: Pick<ReadModels, 'database'>, { kinds, nodeIds, statuses = ['active'], online = true }: LiveNodesFilter = {},
): Promise<readonly LiveNode[]> {
  const rows = await database.getRepository(NodeEntity).find({
    where: {
      status: In([...statuses]),
      ...(online === 'either' ? {} : { online }),
      ...(kinds === undefined ? {} : { kind: In([...kinds]) }),
      ...(nodeIds === undefined ? {} : { nodeId: In([...nodeIds]) }),
    },
    order: { nodeId: 'ASC' },
  });
  return rows.map(({ nodeId, kind, name, operator, region, network, endpoint, publicKey, online: isOnline, status, trust, runtimeClass, cores, memoryMb }) => ({
    nodeId, kind, name, operator, region, network, endpoint, publicKey, online: isOnline, status, trust, runtimeClass,
    cores: cores ?? 0, memoryMb: memoryMb ?? 0,
  }));
}

export function findNode({ database }: Pick<ReadModels, 'database'>, nodeId: string): Promise<NodeRow | null> {
  return database.getRepository(NodeEntity).findOneBy({ nodeId });
}

/** Hex; null for a node that nobody enrolled or that has left for good. The door checks signed requests with it. */
export async function nodePublicKey(readModels: Pick<ReadModels, 'database'>, nodeId: string): Promise<string | null> {
  const node = await findNode(readModels, nodeId);
  return node === null || node.status === 'retired' ? null : node.publicKey;
}

export interface NodesFilter { readonly kind?: NodeKind; readonly status?: NodeStatus; readonly online?: boolean; readonly operator?: string }

export interface NodesPage { readonly rows: readonly NodeRow[]; readonly hasNextPage: boolean; readonly totalCount: number }

export async function nodesPage(
  { database }: Pick<ReadModels, 'database'>, { first, after, filter }: { readonly first: number; readonly after: string | null; readonly filter: NodesFilter },
): Promise<NodesPage> {
  const repository = database.getRepository(NodeEntity);
  const where: FindOptionsWhere<NodeRow> = { ...filter };
  const rows = await repository.find({
    where: after === null ? where : { ...where, nodeId: MoreThan(after) }, order: { nodeId: 'ASC' }, take: first + 1,
  });
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first, totalCount: await repository.countBy(where) };
}
