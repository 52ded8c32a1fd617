// A segment on its way to its nodes: sealed bytes are cut into stripes, coded, and every stripe is sent while the next one fills.
// What is held is a stripe and at most a few units for each node, whatever the segment's size.
import { codeFor, encodeStripe, pieceLength, type CodePlan } from '@oort/algorithms-erasure';
import type { PiecePlacement } from '@oort/schema/events/storage';
import { StorageUnavailable } from './faults';
import { PieceStream } from './piece-stream';
import { placementOrder } from './placement';
import { ReceiptRace } from './receipt-race';
import { fewestNodes, removePieces, stripeUnitBytes, type Wires, type WrittenSegment } from './write';
import { clientBegins, passed } from './young-memory';

/** Units that wait for a node before the sender waits for it: few where many write, so that what waits is bounded for the process. */
const mostWindowUnits = 8;
const waitingBytes = 32 * 1024 * 1024;
let writers = 0;

function windowUnits(units: number): number {
  return Math.max(1, Math.min(mostWindowUnits, Math.floor(waitingBytes / (writers * units * stripeUnitBytes))));
}

/** How long a segment waits in all for nodes that are slower than enough others. */
const patienceMs = 1_000;
/** How long it waits when too few others are left. */
const longestWaitMs = 10_000;

export interface SegmentToWrite {
  readonly segmentId: string;
  readonly accountId: string;
  /** Decides the code. */
  readonly plainBytes: number;
  /** At most so many will come. */
  readonly sealedBytes: number;
}

export class StripeWriter {
  readonly #streams: readonly PieceStream[];
  readonly #stripeBytes: number;
  /** Units are views of it, so every stripe has memory of its own, and none while nothing is held. */
  #stripe: Buffer | null = null;
  #filled = 0;
  #sizeBytes = 0;
  #waitedMs = 0;
  #changed: () => void = () => undefined;

  private constructor(private readonly wires: Wires, private readonly segment: SegmentToWrite, private readonly plan: CodePlan, order: ReturnType<typeof placementOrder>) {
    const left = [...order];
    writers += 1;
    const ends = clientBegins();
    this.#stripeBytes = plan.k * stripeUnitBytes;
    this.#streams = Array.from({ length: plan.n }, (_, index) => new PieceStream({
      wires, accountId: segment.accountId, index, maximumBytes: pieceLength(segment.sealedBytes, plan, stripeUnitBytes),
      next: () => left.shift(), changed: () => { this.#changed(); },
    }));
    void Promise.all(this.#streams.map(({ placed }) => placed)).finally(() => {
      writers -= 1;
      ends();
    });
  }

  /** Throws StorageUnavailable. */
  static async open(wires: Wires, segment: SegmentToWrite): Promise<StripeWriter> {
    const network = (await wires.watch.all()).filter(({ kind }) => kind === 'super');
    const well = network.filter((node) => wires.watch.isWell(node));
    const plan = codeFor(segment.plainBytes, network.length, well.length);
    if (plan === null) throw new StorageUnavailable(well.length, fewestNodes);
    const order = placementOrder(well, [], plan, Math.random);
    if (order.length < plan.acknowledgeAt) throw new StorageUnavailable(order.length, plan.acknowledgeAt);
    return new StripeWriter(wires, segment, plan, order);
  }

  /** Resolves when more may come. Throws StorageUnavailable. */
  async write(sealed: Uint8Array): Promise<void> {
    for (let offset = 0; offset < sealed.length;) {
      const part = sealed.subarray(offset, offset + this.#stripeBytes - this.#filled);
      this.#stripe ??= Buffer.allocUnsafe(this.#stripeBytes);
      this.#stripe.set(part, this.#filled);
      this.#filled += part.length;
      offset += part.length;
      if (this.#filled < this.#stripeBytes) continue;
      this.#send(stripeUnitBytes);
      await this.#room();
    }
  }

  /** Resolves when enough nodes have signed that they flushed their piece. Throws StorageUnavailable, after removing what it wrote. */
  async end(): Promise<WrittenSegment> {
    if (this.#filled > 0) this.#send(Math.ceil(this.#filled / this.plan.k));
    for (const stream of this.#streams) stream.end();
    const race = new ReceiptRace(this.plan);
    race.start(this.#streams.map(async ({ placed }) => {
      const piece = await placed;
      if (piece !== null) race.signed(piece);
    }));
    const early = await race.acknowledged();
    if (early.length < this.plan.acknowledgeAt) {
      await removePieces(this.wires, early);
      throw new StorageUnavailable(early.length, this.plan.acknowledgeAt);
    }
    const { k, n } = this.plan;
    const placement = { segmentId: this.segment.segmentId, sizeBytes: this.#sizeBytes, k, n, stripeUnitBytes, pieces: early };
    return { placement, late: race.late(early) };
  }

  /** Leaves nothing, as far as nodes can be reached. Never rejects. */
  async abort(): Promise<void> {
    for (const stream of this.#streams) stream.abandon();
    const placed = await Promise.all(this.#streams.map((stream) => stream.placed));
    await removePieces(this.wires, placed.filter((piece): piece is PiecePlacement => piece !== null));
  }

  #send(unitBytes: number): void {
    const units = encodeStripe((this.#stripe ?? Buffer.alloc(0)).subarray(0, this.#filled), this.plan, unitBytes);
    this.#stripe = null;
    this.#streams.forEach((stream, index) => { stream.push(units[index] ?? Buffer.alloc(0)); });
    this.#sizeBytes += this.#filled;
    passed(this.#filled);
    this.#filled = 0;
  }

  /** Waits for slow nodes, but not for ever: once enough others are ahead of them they lose their piece, which repair brings back. */
  async #room(): Promise<void> {
    const { acknowledgeAt } = this.plan;
    for (let waitedMs = 0; ;) {
      const live = this.#streams.filter(({ failed }) => !failed);
      if (live.length < acknowledgeAt) throw new StorageUnavailable(live.length, acknowledgeAt);
      const behind = live.filter(({ backlog }) => backlog >= windowUnits(this.plan.n));
      if (behind.length === 0) return;
      const enough = live.length - behind.length >= acknowledgeAt;
      if (enough ? this.#waitedMs >= patienceMs : waitedMs >= longestWaitMs) {
        for (const stream of behind) stream.cancel();
        continue;
      }
      const startedAt = performance.now();
      await this.#change(enough ? patienceMs - this.#waitedMs : longestWaitMs - waitedMs);
      waitedMs += performance.now() - startedAt;
      if (enough) this.#waitedMs += performance.now() - startedAt;
    }
  }

  async #change(mostMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#changed = resolve;
      timer = setTimeout(resolve, Math.max(1, mostMs));
    });
    clearTimeout(timer);
  }
}
