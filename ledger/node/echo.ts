// A silent chain writes a little more some seconds after its last transaction: a client that polls for a receipt looks again only when the
// number of blocks has changed (ethers' `waitForTransaction`), and would otherwise wait for ever for what it has just missed.
import type { ExecutedMci } from '@oort/ledger-execution';

/** After the last transaction; each is later than clients that poll every 4 s, or every 30 s, look for the second time. */
export const usualEchoesMs: readonly number[] = [5000, 35_000];

export class Echo {
  readonly #delaysMs: readonly number[];
  readonly #write: () => void;
  #timers: NodeJS.Timeout[] = [];

  constructor(delaysMs: readonly number[], write: () => void) {
    this.#delaysMs = delaysMs;
    this.#write = write;
  }

  readonly executed = ({ blocks }: ExecutedMci): void => {
    if (!blocks.some(({ record }) => record.transactions.length > 0)) return;
    this.stop();
    this.#timers = this.#delaysMs.map((delay) => setTimeout(this.#write, delay).unref());
  };

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
