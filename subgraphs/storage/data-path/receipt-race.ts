import type { CodePlan } from '@oort/algorithms-erasure';
import type { PiecePlacement } from '@oort/schema/events/storage';

/** Counts receipts as they come. */
export class ReceiptRace {
  readonly #pieces: PiecePlacement[] = [];
  readonly #startedAt = performance.now();
  #all: Promise<unknown> = Promise.resolve();
  #reached: () => void = () => undefined;
  readonly #quorum = new Promise<void>((resolve) => { this.#reached = resolve; });

  constructor(private readonly plan: CodePlan) {}

  start(attempts: readonly Promise<void>[]): void {
    this.#all = Promise.all(attempts).finally(() => this.#reached());
    this.#all.catch(() => undefined);
  }

  signed(piece: PiecePlacement): void {
    this.#pieces.push(piece);
    if (this.#pieces.length >= this.plan.acknowledgeAt) this.#reached();
  }

  /** The receipts at the quorum, or all there ever will be. The last ones get a moment more: a piece that comes in time
   *  saves an event of its own. */
  async acknowledged(): Promise<readonly PiecePlacement[]> {
    await this.#quorum;
    const graceMs = Math.max(2, (performance.now() - this.#startedAt) / 2);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#all, new Promise((resolve) => { timer = setTimeout(resolve, graceMs); })]);
    clearTimeout(timer);
    return this.#sorted();
  }

  async late(early: readonly PiecePlacement[]): Promise<readonly PiecePlacement[]> {
    await this.#all;
    return this.#sorted().filter((piece) => !early.includes(piece));
  }

  #sorted(): readonly PiecePlacement[] {
    return [...this.#pieces].sort((a, b) => a.index - b.index);
  }
}
