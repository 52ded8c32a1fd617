// A disk with a cache: what was written is durable when it was flushed, in the order of writing. A crash keeps some of what was not
// flushed yet, always a beginning of it, and may tear the write behind it in two: its checksum fails, and reading stops there.
import type { Random } from './random';
import type { WorldClock } from './world-clock';

interface Frame<T> {
  readonly record: T;
  /** False for what was torn: its checksum fails. Records are kept as they are, since writing out a million of them costs minutes. */
  readonly whole: boolean;
}

export interface DiskTimes {
  /** From asking for a flush to its end. */
  readonly flushMs: readonly [low: number, high: number];
  /** What nobody flushes goes to the disk by itself, so often. */
  readonly idleFlushMs: number;
}

const tornChance = 0.5;

export class VirtualDisk<T> {
  readonly #clock: WorldClock;
  readonly #random: Random;
  readonly #times: DiskTimes;
  #durable: Frame<T>[] = [];
  #cached: Frame<T>[] = [];
  /** A crash makes flushes that were asked for before it end never. */
  #life = 0;
  #sweeping = false;

  constructor(clock: WorldClock, random: Random, times: DiskTimes) {
    this.#clock = clock;
    this.#random = random;
    this.#times = times;
  }

  write(record: T): void {
    this.#cached.push({ record, whole: true });
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#end(this.#times.idleFlushMs, () => { this.#sweeping = false; });
  }

  /** Calls back when all that was written so far is durable; never where a crash comes first. */
  flush(done: () => void): void {
    this.#end(this.#random.between(...this.#times.flushMs), done);
  }

  /** What is lost is lost at once; how much is the seed's to say. */
  crash(): void {
    this.#life += 1;
    this.#sweeping = false;
    const kept = this.#random.between(0, this.#cached.length + 1);
    const torn = this.#cached[kept];
    this.#durable.push(...this.#cached.slice(0, kept));
    if (torn !== undefined && this.#random.chance(tornChance)) this.#durable.push({ ...torn, whole: false });
    this.#cached = [];
  }

  /** Everything that can be read back; what is torn is cut off. */
  recover(): T[] {
    const torn = this.#durable.findIndex(({ whole }) => !whole);
    if (torn !== -1) this.#durable = this.#durable.slice(0, torn);
    return this.#durable.map(({ record }) => record);
  }

  #end(afterMs: number, done: () => void): void {
    const [life, count] = [this.#life, this.#durable.length + this.#cached.length];
    this.#clock.after(afterMs, () => {
      if (life !== this.#life) return;
      const flushed = this.#cached.splice(0, Math.max(0, count - this.#durable.length));
      this.#durable.push(...flushed);
      done();
    });
  }
}
