// So many at once, and the others in the order in which they came.

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(private readonly atOnce: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.atOnce) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The turn goes over to who waited longest.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
