// Answers what is disputed on the chain about this node: the leaf, its path in the piece, and the piece's path in the inventory.
import { setTimeout as sleep } from 'node:timers/promises';
import type { InventoryAnswer, SignedForCourt } from '@oort/algorithms-possession';
import { Fault, messageOf } from '@oort/kernel-wire';

/** The node's side of LeafCourt. */
export interface LeafCourtSeat {
  /** Of the node's own key, in hex with 0x. */
  readonly node: string;
  /** How long after it was made an inventory can still have to be answered for. */
  readonly keepMs: number;
  sign(inventory: { readonly root: string; readonly leaves: number; readonly madeAt: Date }): Promise<SignedForCourt>;
  /** Disputes about this node that came since the last call, all of them at the first. */
  news(): Promise<readonly LeafDispute[]>;
  isOpen(disputeId: string): Promise<boolean>;
  /** Throws what the contract says. */
  answer(disputeId: string, answer: InventoryAnswer): Promise<void>;
}

export interface LeafDispute {
  readonly disputeId: string;
  /** Of the inventory, hex. */
  readonly root: string;
  readonly index: number;
  readonly answerUntilMs: number;
}

export class LeafNotHere extends Fault {
  constructor(root: string, index: number) { super('LEAF_NOT_HERE', `leaf ${index} of inventory ${root} is disputed and not here`, { root, index }); }
}

export interface Defending {
  readonly seat: LeafCourtSeat;
  /** Null when the node has not got the leaf. */
  answerOf(root: string, index: number): Promise<InventoryAnswer | null>;
  log(text: string): void;
  readonly pollMs?: number;
}

/** Until the signal aborts. What could not be answered is tried again until its time is over. */
export async function defendLeaves({ seat, answerOf, log, pollMs = 2_000 }: Defending, signal: AbortSignal): Promise<void> {
  const open = new Map<string, LeafDispute>();
  let trouble = '';
  while (!signal.aborted) {
    try {
      for (const dispute of await seat.news()) open.set(dispute.disputeId, dispute);
      const failed: unknown[] = [];
      for (const dispute of open.values()) {
        const done = await settled(dispute, { seat, answerOf, log }).catch((error: unknown) => { failed.push(error); return false; });
        if (done) open.delete(dispute.disputeId);
      }
      if (failed.length > 0) throw failed[0];
      trouble = '';
    } catch (error) {
      // Told once, however long it lasts.
      if (messageOf(error) !== trouble) log(`leaf court: ${messageOf(error)}`);
      trouble = messageOf(error);
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

async function settled({ disputeId, root, index, answerUntilMs }: LeafDispute, { seat, answerOf, log }: Defending): Promise<boolean> {
  if (!await seat.isOpen(disputeId)) return true;
  if (Date.now() > answerUntilMs) {
    log(`leaf court: leaf ${index} of inventory ${root} was not shown in time`);
    return true;
  }
  const answer = await answerOf(root, index);
  if (answer === null) throw new LeafNotHere(root, index);
  await seat.answer(disputeId, answer);
  log(`leaf court: showed leaf ${index} of inventory ${root}`);
  return true;
}
