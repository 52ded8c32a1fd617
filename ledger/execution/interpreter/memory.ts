import { halts } from './halt';

const wordBytes = 32;
/** More than the gas of any transaction buys; an offset beyond it is out of gas, whatever it is. */
const mostBytes = 32 * 1024 * 1024;

/** A frame's memory (Yellow Paper, appendix H): grows by words, and each growth is paid for. */
export class Memory {
  #bytes: Buffer = Buffer.alloc(0);
  #words = 0;

  get size(): number {
    return this.#words * wordBytes;
  }

  /** What it costs to have these bytes, which are there from then on. `size` 0 costs nothing, wherever it is. */
  grow(offset: bigint, size: bigint): number {
    if (size === 0n) return 0;
    if (offset + size > mostBytes) throw halts.outOfGas;
    const words = Math.ceil(Number(offset + size) / wordBytes);
    if (words <= this.#words) return 0;
    const cost = priceOf(words) - priceOf(this.#words);
    this.#words = words;
    return cost;
  }

  /** To be called once the growth is paid. */
  view(offset: number, size: number): Buffer {
    const needed = this.#words * wordBytes;
    if (this.#bytes.length < needed) {
      const larger = Buffer.alloc(Math.max(needed, 2 * this.#bytes.length, 1024));
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return this.#bytes.subarray(offset, offset + size);
  }
}

function priceOf(words: number): number {
  return 3 * words + Math.floor(words * words / 512);
}
