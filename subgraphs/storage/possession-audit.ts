// Challenges that a node cannot prepare for. It commits to all that it has; the hash of a block that comes later draws leaves out of
// it; and it shows them. A node that commits to less than the catalogue says is looked into piece by piece.
import { randomUUID } from 'node:crypto';
import { challengedLeaves, challengeSeed, verifyInventoryAnswer, type InventoryAnswer, type SignedForCourt } from '@oort/algorithms-possession';
import type { EventStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import { Fault } from '@oort/kernel-wire';
import { ownedPieceIds, piecesNamed, type PieceOnNode } from '@oort/projections-objects';
import type { StorageEvent } from '@oort/schema/events/storage';
import type { DataPath } from './data-path/data-path';
import { PieceRefused } from './data-path/faults';
import type { NodeInventory } from './data-path/piece-client';
import type { StorageNode } from './data-path/port';

export interface PossessionAuditOptions {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly dataPath: DataPath;
  /** Told of pieces that a node should have and could not show. */
  readonly onFailed: (piece: PieceOnNode, reason: 'missing' | 'corrupt') => Promise<void>;
  now(): Date;
  /** How long an inventory stands before the node makes another. Default: twelve hours. */
  readonly everyMs?: number;
}

/** OORT_INVENTORY_SECONDS: shorter, for who wants to see a node challenged. Throws BadInventorySetting. */
export function possessionFrom({ OORT_INVENTORY_SECONDS: seconds }: NodeJS.ProcessEnv): { readonly possession?: { readonly everyMs: number } } {
  if (seconds === undefined || seconds === '') return {};
  if (!(Number(seconds) > 0)) throw new BadInventorySetting(seconds);
  return { possession: { everyMs: Number(seconds) * 1000 } };
}

export class BadInventorySetting extends Fault {
  constructor(found: string) { super('INVENTORY_SETTING', `OORT_INVENTORY_SECONDS is a number of seconds over 0, not "${found}"`, { found }); }
}

/** The hash of a block that anchored the log up to so many events: whatever was recorded among them was there before the block. */
export interface Beacon { readonly blockHash: string; readonly blockNumber: number; readonly treeSize: number }

/** 16 a day of a node that is known, 460 in its first week (storage design), at two inventories a day. */
const draws = 8;
const firstDraws = 33;
const firstInventories = 14;
const mostEvasions = 3;
const halfDayMs = 12 * 3_600_000;
/** Pieces younger than this may lie on a node before the catalogue knows. */
const settledMs = 60_000;

interface Committed { readonly node: StorageNode; readonly inventory: NodeInventory; readonly atMs: number; /** Of InventoryCommitted in the log. */ readonly position: bigint; challenged: boolean }

export class PossessionAudit {
  readonly #options: PossessionAuditOptions;
  readonly #committed = new Map<string, Committed>();
  readonly #audits = new Map<string, number>();
  /** In a row. */
  readonly #evasions = new Map<string, number>();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: PossessionAuditOptions) { this.#options = options; }

  /** At every block of which the platform hears: first who committed before it is challenged with it, then whose time has come
   *  commits. One after the other. Never rejects. */
  onBeacon(beacon: Beacon): Promise<void> {
    this.#turn = this.#turn.then(() => this.#onBeacon(beacon)).catch((error: unknown) => process.emitWarning(`possession: ${String(error)}`));
    return this.#turn;
  }

  async #onBeacon(beacon: Beacon): Promise<void> {
    const { dataPath } = this.#options;
    const nodes = (await dataPath.watch.all()).filter((node) => node.kind === 'super' && dataPath.watch.isWell(node));
    for (const node of nodes) await this.#challenge(node, beacon).catch((error: unknown) => process.emitWarning(`possession: ${String(error)}`));
    for (const node of nodes) await this.#commit(node).catch((error: unknown) => process.emitWarning(`possession: ${String(error)}`));
  }

  async #commit(node: StorageNode): Promise<void> {
    const { dataPath, now, everyMs = halfDayMs } = this.#options;
    const last = this.#committed.get(node.nodeId);
    if (last !== undefined && now().getTime() - last.atMs < everyMs) return;
    const inventory = await dataPath.client.inventory(node);
    const { nodeId, root, leaves, pieces, madeAt, signature } = inventory;
    const court = publicly(inventory.court);
    const position = await this.#record({ type: 'InventoryCommitted', data: { nodeId, root, leaves, pieces, madeAt, signature, ...(court === null ? {} : { court }) } });
    this.#committed.set(nodeId, { node, inventory, atMs: now().getTime(), position, challenged: leaves === 0 });
    await this.#compare(inventory);
  }

  /** What the catalogue has on the node and its inventory has not, or has with another root. */
  async #compare({ nodeId, listed }: NodeInventory): Promise<void> {
    const { readModels, store, now, onFailed } = this.#options;
    const head = await store.head();
    if (head !== null) await readModels.waitFor('objects', head);
    const roots = new Map(listed.map(({ pieceId, root }) => [pieceId, root]));
    const youngest = new Date(now().getTime() - settledMs);
    const owned = [...await ownedPieceIds(readModels, nodeId)].filter((pieceId) => timeOf(pieceId) < youngest.getTime());
    for (const piece of await piecesNamed(readModels, nodeId, owned)) {
      const root = roots.get(piece.pieceId);
      if (root !== piece.root) await onFailed(piece, root === undefined ? 'missing' : 'corrupt');
    }
  }

  async #challenge(node: StorageNode, { blockHash, blockNumber, treeSize }: Beacon): Promise<void> {
    const committed = this.#committed.get(node.nodeId);
    if (committed === undefined || committed.challenged || committed.position >= BigInt(treeSize)) return;
    const { dataPath, readModels, onFailed } = this.#options;
    const { nodeId, root, leaves } = committed.inventory;
    const seen = this.#audits.get(nodeId) ?? 0;
    const count = seen < firstInventories ? firstDraws : draws;
    const seed = challengeSeed(blockHash, nodeId, root);
    const answers = await dataPath.client.answers(node, root, seed, count).catch((error: unknown) => this.#evaded(nodeId, error));
    this.#evasions.delete(nodeId);
    committed.challenged = true;
    this.#audits.set(nodeId, seen + 1);
    const failed: { readonly index: number; readonly pieceId: string | null; readonly reason: string }[] = [];
    for (const [draw, index] of challengedLeaves(seed, count, leaves).entries()) {
      const reason = reasonOf(committed.inventory, index, answers[draw]);
      if (reason === null) continue;
      const piece = pieceAt(committed.inventory, index);
      const [owned] = piece === null ? [] : await piecesNamed(readModels, nodeId, [piece]);
      // Nobody's any more: the node may have thrown it away since.
      if (piece !== null && owned === undefined) continue;
      failed.push({ index, pieceId: piece, reason });
      if (owned !== undefined) await onFailed(owned, reason);
    }
    const dispute = disputeOf(committed.inventory, failed);
    await this.#record({ type: 'PossessionAudited', data: { nodeId, root, beacon: blockHash, blockNumber, draws: count, proven: count - failed.length, failed, ...(dispute === null ? {} : { dispute }) } });
  }

  /** An inventory that is not kept any more, after a restart, is no lie, and a disk may fail once: the node is asked again. Who evades every
   *  time has nothing to show. */
  #evaded(nodeId: string, error: unknown): readonly unknown[] {
    if (!(error instanceof PieceRefused) || (error.reason !== 'missing' && error.reason !== 'refused')) throw error;
    const times = (this.#evasions.get(nodeId) ?? 0) + 1;
    this.#evasions.set(nodeId, times);
    if (times >= mostEvasions) return [];
    if (error.reason === 'missing') this.#committed.delete(nodeId);
    throw error;
  }

  async #record(event: Extract<StorageEvent, { readonly type: 'InventoryCommitted' | 'PossessionAudited' }>): Promise<bigint> {
    const id = randomUUID();
    const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: this.#options.now().toISOString(), schemaVersion: 1 };
    return (await this.#options.store.append(`storage_possession-${event.data.nodeId}`, 'any', [{ id, ...event, metadata }])).position;
  }
}

/** What a node could not show to the platform it may show to the chain, where its pool answers for it: one leaf is enough to know. */
function disputeOf({ court }: NodeInventory, failed: readonly { readonly index: number }[]): (SignedForCourt & { readonly index: number }) | null {
  const [first] = failed;
  return court === undefined || first === undefined ? null : { ...court, index: first.index };
}

/** What makes a dispute of the inventory, beside its root and leaves. */
function publicly(signed: SignedForCourt | undefined): Pick<SignedForCourt, 'pool' | 'node' | 'madeAt' | 'signature'> | null {
  return signed === undefined ? null : { pool: signed.pool, node: signed.node, madeAt: signed.madeAt, signature: signed.signature };
}

/** Null when the answer holds. */
function reasonOf(inventory: NodeInventory, index: number, given: unknown): 'missing' | 'corrupt' | null {
  if (typeof given !== 'object' || given === null || !('gone' in given) || given.gone === true) return 'missing';
  return isAnswer(given) && verifyInventoryAnswer(inventory, index, given) ? null : 'corrupt';
}

/** Listed by id, as the tree has them. */
function pieceAt({ listed }: NodeInventory, index: number): string | null {
  let left = index;
  for (const { pieceId, leaves } of [...listed].sort((a, b) => (a.pieceId < b.pieceId ? -1 : 1))) {
    if (left < leaves) return pieceId;
    left -= leaves;
  }
  return null;
}

function isAnswer(given: object): given is InventoryAnswer {
  const { piece, path, proof } = given as Readonly<Record<string, unknown>>;
  return isRecord(piece) && typeof piece['pieceId'] === 'string' && typeof piece['root'] === 'string' && typeof piece['leaves'] === 'number'
    && Array.isArray(path) && path.every((step: unknown) => isRecord(step) && typeof step['hash'] === 'string' && typeof step['sum'] === 'number' && typeof step['left'] === 'boolean')
    && isRecord(proof) && typeof proof['index'] === 'number' && typeof proof['leaf'] === 'string'
    && Array.isArray(proof['path']) && proof['path'].every((hash: unknown) => typeof hash === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> { return typeof value === 'object' && value !== null; }

/** A piece's id holds the time at which it was made (ULID: 48 bits of milliseconds, ten characters of Crockford's base 32). */
function timeOf(pieceId: string): number {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  return [...pieceId.slice('piece_'.length, 'piece_'.length + 10)].reduce((time, character) => time * 32 + alphabet.indexOf(character), 0);
}
