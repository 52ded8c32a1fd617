// When a witness writes: OLYMPUS.md section 5, "driven by arrivals". A block follows what it is built on at once; only a chain that
// has been running for some levels is held to one level per gap. Links that are slower than the gap never wait for it, and the first
// blocks after a silence do not either. The caller's clock; milliseconds.
import type { Hash } from '@oort/ledger-chain';

export interface Pace {
  /** Between two levels of a chain that runs: lets transactions gather and bounds the CPU used. */
  readonly gapMs: number;
  /** How much longer each further witness in line waits for those before it. */
  readonly turnPauseMs: number;
}

/** So many levels may follow each other without a gap. */
const burst = 4;

export class Pacer {
  readonly #pace: Pace;
  /** When the last tips of the trunk came, oldest first. */
  readonly #arrivals: number[] = [];
  #tip: Hash | undefined;
  #workSince: number | null = null;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** To be told before `due` is asked. */
  sees(tip: Hash, nowMs: number): void {
    if (this.#tip === tip) return;
    this.#tip = tip;
    this.#arrivals.push(nowMs);
    if (this.#arrivals.length > burst) this.#arrivals.shift();
  }

  idle(): void {
    this.#workSince = null;
  }

  /** When the witness that stands in this place of the line may write. */
  due(turn: number, nowMs: number): number {
    this.#workSince ??= nowMs;
    const [oldest] = this.#arrivals;
    const paced = oldest === undefined || this.#arrivals.length < burst ? -Infinity : oldest + burst * this.#pace.gapMs;
    return Math.max(this.#workSince, this.#arrivals.at(-1) ?? -Infinity, paced) + turn * this.#pace.turnPauseMs;
  }
}
