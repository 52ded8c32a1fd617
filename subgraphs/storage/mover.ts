// Pieces that move: copied from where they are while they are still there, so that a segment has all its pieces before, and misses
// one only between two events. A draining node is emptied; what lies crowded or unevenly is moved a little every turn.
import { command } from '@oort/kernel-decider';
import type { ReadModels } from '@oort/kernel-projection';
import { pieceCounts, piecesOnNode, type PieceOnNode } from '@oort/projections-objects';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import { pieceLength } from '@oort/algorithms-erasure';
import type { EventStore } from '@oort/kernel-eventstore';
import type { DataPath } from './data-path/data-path';
import { placementOrder } from './data-path/placement';
import type { StorageNode } from './data-path/port';
import { betterPlace } from './data-path/rebalance';
import { putPiece } from './data-path/write';
import { loadObject } from './load-object';
import { objectStreamId } from './object-id';
import type { HandleObject, ObjectWriter } from './object-writer';

export interface MoverOptions {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly dataPath: DataPath;
  readonly handleObject: HandleObject;
  readonly writer: ObjectWriter;
  now(): Date;
}

const movedATurn = 64;
const movedAtOnce = 8;
/** Pieces that are looked at each turn for a better place, and how often nodes' holdings are counted. */
const judgedATurn = 16;
const countedMs = 60_000;

export class PieceMover {
  #counts = new Map<string, number>();
  #countedAt = -Infinity;
  #counted = '';

  constructor(private readonly options: MoverOptions) {}

  /** Some pieces of each draining node go elsewhere. True while there may be more. */
  async drain(nodes: readonly StorageNode[], well: readonly StorageNode[]): Promise<boolean> {
    let more = false;
    for (const node of nodes.filter(({ status, online }) => status === 'draining' && online)) {
      const pieces = await piecesOnNode(this.options.readModels, node.nodeId, movedATurn);
      const moved = await inGroups(pieces, (piece) => this.#move(piece, node, nodes, (segment, others) => placementOrder(well, others, segment, Math.random)[0] ?? null));
      more ||= moved.some((done) => done);
    }
    return more;
  }

  /** A few pieces, by chance, are held against where they could be. True when one moved. */
  async rebalance(nodes: readonly StorageNode[], well: readonly StorageNode[]): Promise<boolean> {
    const node = well[Math.floor(Math.random() * well.length)];
    if (node === undefined) return false;
    await this.#count(well);
    const pieces = await piecesOnNode(this.options.readModels, node.nodeId, judgedATurn);
    const moved = await inGroups(pieces, (piece) => this.#move(piece, node, nodes, (code, others) => betterPlace({ holder: node, others, code }, well, this.#counts)));
    return moved.some((done) => done);
  }

  async #count(well: readonly StorageNode[]): Promise<void> {
    const now = this.options.now().getTime();
    const known = well.map(({ nodeId }) => nodeId).sort().join(' ');
    if (now - this.#countedAt > countedMs || known !== this.#counted) {
      this.#counts = new Map(await pieceCounts(this.options.readModels));
      this.#countedAt = now;
      this.#counted = known;
    }
  }

  async #move(
    piece: PieceOnNode, from: StorageNode, nodes: readonly StorageNode[],
    choose: (segment: SegmentPlacement, others: readonly StorageNode[]) => StorageNode | null,
  ): Promise<boolean> {
    const { store, dataPath, handleObject, writer, now } = this.options;
    const { bucket, key, versionId, segmentId } = piece;
    const { state } = await loadObject(store, bucket, key, { versionId });
    const segment = state.status === 'stored' ? state.version.segments.find((candidate) => candidate.segmentId === segmentId) : undefined;
    const placed = segment?.pieces.find(({ pieceId }) => pieceId === piece.pieceId);
    if (segment === undefined || placed === undefined) return false;
    const others = nodes.filter(({ nodeId }) => nodeId !== from.nodeId && segment.pieces.some((other) => other.nodeId === nodeId));
    const target = choose(segment, others);
    if (target === null) return false;
    // Before the copy, so that those who choose meanwhile see it.
    this.#shift(from, target);
    const copy = await this.#copy(segment, placed, from, target);
    if (copy === null) {
      this.#shift(target, from);
      return false;
    }
    const lost = await handleObject(objectStreamId(bucket, key), command('LosePiece', {
      versionId, segmentId, index: placed.index, nodeId: from.nodeId, reason: 'moved' }, { actor: 'platform', now: now() }));
    if (!lost.ok) {
      await dataPath.remove([copy]);
      return false;
    }
    if (!(await writer.addPiece(bucket, key, versionId, segmentId, copy))) return false;
    // Directly, for a draining node is given nothing by those who ask whether it is well.
    await dataPath.client.delete(from, placed.pieceId).catch(() => undefined);
    return true;
  }

  #shift(from: StorageNode, to: StorageNode): void {
    this.#counts.set(from.nodeId, (this.#counts.get(from.nodeId) ?? 0) - 1);
    this.#counts.set(to.nodeId, (this.#counts.get(to.nodeId) ?? 0) + 1);
  }

  /** Null when it cannot be copied now; what is bad is reported, and repair brings it back from the others. */
  async #copy(segment: SegmentPlacement, piece: PiecePlacement, from: StorageNode, target: StorageNode): Promise<PiecePlacement | null> {
    const { dataPath } = this.options;
    try {
      const length = pieceLength(segment.sizeBytes, segment, segment.stripeUnitBytes);
      const bytes = await dataPath.client.get(from, 'platform', piece.pieceId, length, piece);
      return await putPiece(dataPath, target, 'platform', piece.index, bytes);
    } catch (error) {
      dataPath.reportIfBad(segment.segmentId, piece, error);
      return null;
    }
  }
}

async function inGroups<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += movedAtOnce) results.push(...await Promise.all(items.slice(start, start + movedAtOnce).map(work)));
  return results;
}
