// The repair loop. Weak segments are rebuilt, weakest first: a piece that was never placed or was lost goes to a node that has none
// of the segment; a piece on a node that is away is rebuilt elsewhere after a while, if a spare node exists, and else awaited.
// Before that, pieces move (mover.ts): away from nodes that drain, apart from each other, and onto nodes that are new.
// A node that comes back is asked to prove what it should have; a random piece of a random node is asked for all the time; and what
// lies on nodes and belongs to nothing is swept.
import { setTimeout as delay } from 'node:timers/promises';
import { rebuildPieces } from '@oort/algorithms-erasure';
import { challengeIndex } from '@oort/algorithms-possession';
import { command } from '@oort/kernel-decider';
import type { EventStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import { newUlid } from '@oort/kernel-wire';
import { ownedPieceIds, ownerOfSegment, piecesNamed, piecesOnNode, weakSegments, type PieceOnNode, type WeakSegment } from '@oort/projections-objects';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import type { DataPath } from './data-path/data-path';
import { PieceRefused } from './data-path/faults';
import { placementOrder } from './data-path/placement';
import type { StorageNode } from './data-path/port';
import { gatherPieces, type BadPiece } from './data-path/read';
import { putPiece } from './data-path/write';
import { loadObject } from './load-object';
import { PieceMover } from './mover';
import { objectStreamId } from './object-id';
import type { HandleObject, ObjectWriter } from './object-writer';

export interface RepairOptions {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly dataPath: DataPath;
  readonly handleObject: HandleObject;
  readonly writer: ObjectWriter;
  now(): Date;
  readonly intervalMs?: number;
  /** How long a node may be away before its pieces are rebuilt elsewhere: rebuilding at every restart would cost more than it saves. */
  readonly awayMs?: number;
  readonly orphanMs?: number;
  readonly sweepMs?: number;
}

const segmentsATurn = 100;
const repairsAtOnce = 8;
/** Pieces that a node is asked to prove when this process meets it first, and when it comes back. */
const provenAtStart = 32;
const provenAtReturn = 1000;
/** A turn takes at most this share of the time, unless it was long: then most of it was waiting for a node that does not answer. */
const busyShare = 0.1;
const longestRestMs = 10_000;

export class RepairLoop {
  readonly #options: RepairOptions;
  readonly #mover: PieceMover;
  /** Since when a node is away. */
  readonly #away = new Map<string, number>();
  readonly #seen = new Set<string>();
  #sweptAt: number;
  /** The log's end and the nodes that are well, when no segment was weak. */
  #sound: string | null = null;
  #wake: () => void = () => undefined;

  constructor(options: RepairOptions) {
    this.#options = options;
    this.#mover = new PieceMover({ ...options, now: () => options.now() });
    this.#sweptAt = options.now().getTime();
    options.dataPath.onBadPiece = (bad) => { void this.#report(bad); };
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const more = await this.runOnce().catch((error: unknown) => {
        process.emitWarning(`repair: ${String(error)}`);
        return false;
      });
      if (more) continue;
      const busyMs = (performance.now() - startedAt) * (1 / busyShare - 1);
      const restMs = Math.max(this.#options.intervalMs ?? 2_000, Math.min(busyMs, longestRestMs));
      const stop = new AbortController();
      this.#wake = () => stop.abort();
      await delay(restMs, null, { signal: AbortSignal.any([signal, stop.signal]) }).catch(() => undefined);
    }
  }

  /** After a challenge that a node could not answer. */
  failed(piece: PieceOnNode, reason: 'missing' | 'corrupt'): Promise<void> { return this.#lose(piece, piece, reason); }

  /** Looks at once instead of at the next turn. */
  wake(): void { this.#wake(); }

  /** True while a node that drains has more to give. */
  async runOnce(): Promise<boolean> {
    const { dataPath, now } = this.#options;
    const nodes = (await dataPath.watch.all()).filter(({ kind }) => kind === 'super');
    const well = nodes.filter((node) => dataPath.watch.isWell(node));
    await this.#auditReturned(nodes, well);
    await this.#auditRandom(well);
    const draining = await this.#mover.drain(nodes, well);
    if (!draining) await this.#mover.rebalance(nodes, well);
    const weak = await this.#weak(well);
    for (let start = 0; start < weak.length; start += repairsAtOnce) {
      await Promise.all(weak.slice(start, start + repairsAtOnce).map((segment) => this.#repair(segment, nodes, well)));
    }
    if (now().getTime() - this.#sweptAt > (this.#options.sweepMs ?? 60_000)) await this.#sweep(well);
    return draining;
  }

  /** Cost: a pass over the catalogue, unless nothing was written and no node came or went since one that found nothing. */
  async #weak(well: readonly StorageNode[]): Promise<readonly WeakSegment[]> {
    const { store, readModels } = this.#options;
    const head = await store.head();
    const asked = `${String(head)} ${well.map(({ nodeId }) => nodeId).sort().join(' ')}`;
    if (asked === this.#sound) return [];
    const isCurrent = head === null || await readModels.waitFor('objects', head).then(() => true, () => false);
    const weak = await weakSegments(readModels, well.map(({ nodeId }) => nodeId), segmentsATurn);
    this.#sound = weak.length === 0 && isCurrent ? asked : null;
    return weak;
  }

  async #repair(weak: WeakSegment, nodes: readonly StorageNode[], well: readonly StorageNode[]): Promise<void> {
    const { store, dataPath, writer, handleObject, now } = this.#options;
    const { state } = await loadObject(store, weak.bucket, weak.key, { versionId: weak.versionId });
    const segment = state.status === 'stored' ? state.version.segments.find(({ segmentId }) => segmentId === weak.segmentId) : undefined;
    if (state.status !== 'stored' || segment === undefined) return;
    const { versionId } = state.version;
    const isWell = (piece: PiecePlacement): boolean => well.some(({ nodeId }) => nodeId === piece.nodeId);
    // What lies on a node that drains is copied from there.
    const drains = (piece: PiecePlacement): boolean => nodes.some(({ nodeId, status, online }) => nodeId === piece.nodeId && status === 'draining' && online);
    const gone = segment.pieces.filter((piece) => !isWell(piece) && !drains(piece) && this.#isGone(piece.nodeId, nodes));
    const kept = segment.pieces.filter((piece) => !gone.includes(piece));
    const wanted = Array.from({ length: segment.n }, (_, index) => index).filter((index) => !kept.some((piece) => piece.index === index));
    const holders = nodes.filter(({ nodeId }) => kept.some((piece) => piece.nodeId === nodeId));
    const targets = [...placementOrder(well, holders, segment, Math.random)];
    if (wanted.length === 0 || targets.length === 0) return;
    const rebuilt = await this.#rebuild(segment, wanted);
    for (const [index, bytes] of rebuilt ?? []) {
      const target = targets.shift();
      const piece = target === undefined ? null : await putPiece(dataPath, target, 'platform', index, bytes);
      if (piece === null) continue;
      const old = gone.find((candidate) => candidate.index === index);
      if (old !== undefined) {
        await handleObject(objectStreamId(weak.bucket, weak.key), command('LosePiece', {
          versionId, segmentId: segment.segmentId, index, nodeId: old.nodeId, reason: 'offline',
        }, { actor: 'platform', now: now() }));
      }
      await writer.addPiece(weak.bucket, weak.key, versionId, segment.segmentId, piece);
    }
  }

  /** Null while fewer than k pieces can be reached: the next turn tries again. */
  async #rebuild(segment: SegmentPlacement, wanted: readonly number[]): Promise<ReadonlyMap<number, Buffer> | null> {
    const { dataPath } = this.#options;
    try {
      const pieces = await gatherPieces(dataPath, segment, 'platform', (bad) => dataPath.onBadPiece(bad));
      return rebuildPieces(pieces, wanted, segment.sizeBytes, segment, segment.stripeUnitBytes);
    } catch {
      return null;
    }
  }

  /** Away for too long, or not a node any more. */
  #isGone(nodeId: string, nodes: readonly StorageNode[]): boolean {
    if (!nodes.some((node) => node.nodeId === nodeId)) return true;
    const since = this.#away.get(nodeId);
    return since !== undefined && this.#options.now().getTime() - since >= (this.#options.awayMs ?? 30_000);
  }

  /** Whoever was away proves what it has, once: a disk may have been swapped meanwhile. */
  async #auditReturned(nodes: readonly StorageNode[], well: readonly StorageNode[]): Promise<void> {
    const now = this.#options.now().getTime();
    for (const node of nodes) {
      if (!well.includes(node)) {
        if (!this.#away.has(node.nodeId)) this.#away.set(node.nodeId, now);
        continue;
      }
      const returned = this.#away.delete(node.nodeId);
      const met = this.#seen.has(node.nodeId);
      this.#seen.add(node.nodeId);
      if (met && !returned) continue;
      const pieces = await piecesOnNode(this.#options.readModels, node.nodeId, returned ? provenAtReturn : provenAtStart);
      for (let start = 0; start < pieces.length && this.#options.dataPath.watch.isWell(node); start += repairsAtOnce) {
        await Promise.all(pieces.slice(start, start + repairsAtOnce).map((piece) => this.#audit(node, piece)));
      }
    }
  }

  async #auditRandom(well: readonly StorageNode[]): Promise<void> {
    const node = well[Math.floor(Math.random() * well.length)];
    if (node === undefined) return;
    for (const piece of await piecesOnNode(this.#options.readModels, node.nodeId, 1)) await this.#audit(node, piece);
  }

  async #audit(node: StorageNode, piece: PieceOnNode): Promise<void> {
    const leaf = challengeIndex(newUlid(), 0, piece.leaves);
    try {
      await this.#options.dataPath.client.prove(node, piece.pieceId, piece, leaf);
    } catch (error) {
      const reason = error instanceof PieceRefused ? error.reason : 'unreachable';
      if (reason === 'missing' || reason === 'corrupt') await this.#lose(piece, piece, reason);
      else this.#options.dataPath.watch.failed(node.nodeId);
    }
  }

  async #report({ segmentId, piece, reason }: BadPiece): Promise<void> {
    const owner = await ownerOfSegment(this.#options.readModels, segmentId).catch(() => null);
    if (owner === null) return;
    await this.#lose({ ...owner, segmentId }, piece, reason).catch((error: unknown) => process.emitWarning(`repair: ${String(error)}`));
  }

  /** Records the loss, takes the bad bytes away, and wakes the loop. */
  async #lose(
    { bucket, key, versionId, segmentId }: { readonly bucket: string; readonly key: string; readonly versionId: string; readonly segmentId: string },
    piece: Pick<PiecePlacement, 'index' | 'nodeId' | 'pieceId'>, reason: string,
  ): Promise<void> {
    const { handleObject, now, dataPath, readModels } = this.#options;
    const { index, nodeId } = piece;
    // Its segment was packed between the question and the answer: the node was told to throw it away.
    if (reason === 'missing' && (await piecesNamed(readModels, nodeId, [piece.pieceId])).length === 0) return;
    const outcome = await handleObject(objectStreamId(bucket, key), command('LosePiece', { versionId, segmentId, index, nodeId, reason }, { actor: 'platform', now: now() }));
    await dataPath.remove([piece]);
    if (outcome.ok && outcome.position >= 0n) await readModels.waitFor('objects', outcome.position);
    this.#wake();
  }

  /** A node's list is held against the catalogue: what it lacks is looked into, and removed is what no object and no upload owns, once they are old enough that no write under way can be theirs. */
  async #sweep(well: readonly StorageNode[]): Promise<void> {
    const { store, readModels, dataPath, now, orphanMs = 600_000 } = this.#options;
    this.#sweptAt = now().getTime();
    const youngest = `piece_${newUlid(new Date(now().getTime() - orphanMs))}`;
    const archives = (await dataPath.watch.all()).filter((node) => node.kind === 'archive' && dataPath.watch.isWell(node));
    for (const node of [...well, ...archives]) {
      const listed = await dataPath.client.list(node).catch(() => null);
      const head = await store.head();
      if (listed === null || head === null) continue;
      const here = new Set(listed);
      const held = listed.filter((pieceId) => pieceId < youngest);
      // What was listed before this position is catalogued by now, or is nobody's.
      await readModels.waitFor('objects', head, 30_000);
      const owned = await ownedPieceIds(readModels, node.nodeId);
      for (const pieceId of held) if (!owned.has(pieceId)) await dataPath.client.delete(node, pieceId);
      // Who does not even claim to have a piece is asked for it, and repair follows.
      const absent = [...owned].filter((pieceId) => pieceId < youngest && !here.has(pieceId)).slice(0, provenAtReturn);
      for (const piece of absent.length === 0 ? [] : await piecesNamed(readModels, node.nodeId, absent)) await this.#audit(node, piece);
    }
  }
}
