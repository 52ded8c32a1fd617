import type { Block, Hash, Hex } from '@oort/ledger-chain';
import type { Random } from './random';
import type { WorldClock } from './world-clock';

export interface SimulatedTransaction {
  readonly hash: Hash;
  readonly from: string;
  readonly nonce: number;
  /** Signed bytes, where they are real. */
  readonly raw?: Hex;
}

export type Message =
  | { readonly kind: 'block'; readonly block: Block }
  | { readonly kind: 'transaction'; readonly transaction: SimulatedTransaction }
  | { readonly kind: 'tips'; readonly hashes: readonly Hash[] }
  | { readonly kind: 'request'; readonly hashes: readonly Hash[] };

export interface Weather {
  readonly delayMs: readonly [low: number, high: number];
  readonly loss: number;
  /** Seats that cannot hear the others in these spans of time. */
  readonly partitions: readonly { readonly fromMs: number; readonly toMs: number; readonly seats: readonly number[] }[];
}

/** Unreliable links between all seats: late, out of order, lossy, cut. */
export class Network {
  readonly #receivers: ((message: Message, from: number) => void)[] = [];
  readonly #clock: WorldClock;
  readonly #random: Random;
  readonly #weather: Weather;

  constructor(clock: WorldClock, random: Random, weather: Weather) {
    this.#clock = clock;
    this.#random = random;
    this.#weather = weather;
  }

  get size(): number {
    return this.#receivers.length;
  }

  join(receive: (message: Message, from: number) => void): void {
    this.#receivers.push(receive);
  }

  send(from: number, to: number, message: Message): void {
    const { delayMs, loss } = this.#weather;
    if (from === to || this.#random.chance(loss) || this.#cut(from, to)) return;
    this.#clock.after(this.#random.between(...delayMs), () => this.#receivers[to]?.(message, from));
  }

  broadcast(from: number, message: Message): void {
    for (const to of this.#receivers.keys()) this.send(from, to, message);
  }

  #cut(a: number, b: number): boolean {
    const now = this.#clock.nowMs;
    return this.#weather.partitions.some(({ fromMs, toMs, seats }) =>
      now >= fromMs && now < toMs && seats.includes(a) !== seats.includes(b));
  }
}
