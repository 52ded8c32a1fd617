/** Seconds that never go back, neither while the node runs nor behind a block that it has written before: a clock set back
 *  would otherwise make the node refuse its own blocks as coming from the future (rule 12). */
export class ChainClock {
  readonly #now: () => Date;
  #highest = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  readonly seconds = (): number => {
    this.#highest = Math.max(this.#highest, Math.floor(this.#now().getTime() / 1000));
    return this.#highest;
  };

  seen(timestamp: number): void {
    this.#highest = Math.max(this.#highest, timestamp);
  }
}
