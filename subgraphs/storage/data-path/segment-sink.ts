// Takes the plain bytes of one segment. Small ones are held and become replicas; beyond that they are sealed, coded and sent as they come.
import { FrameSealer, sealedLength, sealSegment } from './sealing';
import { StripeWriter } from './stripe-writer';
import { writeReplicas, type Wires, type WrittenSegment } from './write';

/** Up to here an object is replicas (algorithms/erasure). */
export const replicatedBytes = 64 * 1024;

export class SegmentSink {
  readonly #sealer: FrameSealer;
  #held: Uint8Array[] = [];
  #writer: StripeWriter | null = null;
  #plainBytes = 0;

  constructor(
    private readonly wires: Wires, private readonly segmentId: string, private readonly objectKey: Uint8Array, private readonly accountId: string,
    /** At most so many bytes will come. */
    private readonly mostBytes: number,
  ) { this.#sealer = new FrameSealer(objectKey, segmentId); }

  get plainBytes(): number { return this.#plainBytes; }

  /** Resolves when more may come. Throws StorageUnavailable. */
  async write(plain: Uint8Array): Promise<void> {
    this.#plainBytes += plain.length;
    if (this.#writer === null) {
      this.#held.push(plain);
      if (this.#plainBytes <= replicatedBytes) return;
      const { wires, segmentId, accountId, mostBytes } = this;
      this.#writer = await StripeWriter.open(wires, { segmentId, accountId, plainBytes: this.#plainBytes, sealedBytes: sealedLength(mostBytes) });
      for (const part of this.#held) await this.#forward(this.#sealer.update(part));
      this.#held = [];
      return;
    }
    await this.#forward(this.#sealer.update(plain));
  }

  /** Throws StorageUnavailable, after removing what it wrote. */
  async end(): Promise<WrittenSegment> {
    if (this.#writer === null) {
      return writeReplicas(this.wires, this.segmentId, sealSegment(Buffer.concat(this.#held), this.objectKey, this.segmentId), this.accountId);
    }
    await this.#forward(this.#sealer.end());
    return this.#writer.end();
  }

  /** Leaves nothing. Never rejects. */
  async abort(): Promise<void> { await this.#writer?.abort(); }

  async #forward(sealed: readonly Buffer[]): Promise<void> {
    for (const part of sealed) await this.#writer?.write(part);
  }
}
