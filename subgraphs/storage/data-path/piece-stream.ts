// One piece on its way to one node while it is still being made: a queue of units, pulled by the connection.
import { Readable } from 'node:stream';
import { LeafHasher, pieceLeafBytes, type PieceCommitment } from '@oort/algorithms-possession';
import { newId } from '@oort/kernel-wire';
import type { PiecePlacement } from '@oort/schema/events/storage';
import { StreamCancelled } from './faults';
import type { StorageNode } from './port';
import type { Wires } from './write';

export interface PieceStreamOptions {
  readonly wires: Wires;
  readonly accountId: string;
  readonly index: number;
  readonly maximumBytes: number;
  /** The next node that no other piece of the segment took. */
  next(): StorageNode | undefined;
  /** Called whenever the queue is shorter or the stream has ended. */
  changed(): void;
}

export class PieceStream {
  readonly #options: PieceStreamOptions;
  readonly #queue: Buffer[] = [];
  readonly #hasher = new LeafHasher(pieceLeafBytes);
  #sizeBytes = 0;
  #whole: PieceCommitment | null = null;
  #begun = false;
  #cancelled = false;
  #node: StorageNode | null = null;
  #wake: () => void = () => undefined;
  /** The piece once its receipt is checked, or null when it will have none. Never rejects. */
  readonly placed: Promise<PiecePlacement | null>;
  failed = false;

  constructor(options: PieceStreamOptions) {
    this.#options = options;
    this.placed = this.#run();
  }

  /** Units that the connection has not taken yet. */
  get backlog(): number { return this.failed ? 0 : this.#queue.length; }

  push(unit: Buffer): void {
    if (this.failed) return;
    this.#hasher.update(unit);
    this.#sizeBytes += unit.length;
    this.#queue.push(unit);
    this.#wake();
  }

  end(): void {
    this.#whole = this.#hasher.digest();
    this.#wake();
  }

  /** The connection ends in the middle of the piece, so the node keeps nothing of it. */
  cancel(): void {
    if (this.#node !== null && this.#begun) this.#options.wires.watch.failed(this.#node.nodeId);
    this.abandon();
  }

  /** The same, and it is not the node's fault. */
  abandon(): void {
    this.#cancelled = true;
    this.#fail();
  }

  async #run(): Promise<PiecePlacement | null> {
    const { wires: { client, watch, now }, accountId, index, maximumBytes, next } = this.#options;
    // A node that refuses the connection has taken nothing, so the next one gets the piece from its start.
    for (let node = next(); node !== undefined && !this.#begun && !this.#cancelled; node = next()) {
      this.#node = node;
      const pieceId = newId('piece', now());
      try {
        const receipt = await client.putStream(node, accountId, pieceId, maximumBytes, this.#units(), () => this.#commitment());
        const { root, leaves } = this.#commitment();
        return { index, nodeId: node.nodeId, pieceId, root, leaves, receipt };
      } catch {
        if (!this.#cancelled) watch.failed(node.nodeId);
      }
    }
    this.#fail();
    return null;
  }

  #commitment(): PieceCommitment & { readonly sizeBytes: number } {
    return { root: '', leaves: 0, ...this.#whole, sizeBytes: this.#sizeBytes };
  }

  /** No generator: each would remember the unit that it gave last, and with it the memory of a stripe that is gone long ago. */
  #units(): Readable {
    let wanted = false;
    const feed = (): void => {
      if (!wanted) return;
      if (this.#cancelled) return void units.destroy(new StreamCancelled());
      const unit = this.#queue.shift();
      if (unit === undefined && this.#whole === null) return;
      wanted = false;
      units.push(unit ?? null);
      if (unit !== undefined) this.#options.changed();
    };
    const units = new Readable({
      objectMode: true, highWaterMark: 0,
      read: () => {
        [this.#begun, wanted] = [true, true];
        feed();
      },
    });
    this.#wake = feed;
    return units;
  }

  #fail(): void {
    this.failed = true;
    this.#queue.length = 0;
    this.#wake();
    this.#options.changed();
  }
}
