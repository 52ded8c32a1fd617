/** Virtual time: what is scheduled runs in the order of its time, then of its scheduling. Nothing waits for real. */
export class WorldClock {
  #queue: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;
  nowMs = 0;

  after(delayMs: number, run: () => void): void {
    const event = { at: this.nowMs + delayMs, order: (this.#order += 1), run };
    // Binary insertion keeps the queue sorted, latest first, so that the next event is popped from the end.
    let [low, high] = [0, this.#queue.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#queue[middle];
      if (other !== undefined && (other.at > event.at || (other.at === event.at && other.order > event.order))) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, event);
  }

  /** Runs the next event up to the end; false where there is none. */
  step(endMs: number): boolean {
    const next = this.#queue.at(-1);
    if (next === undefined || next.at > endMs) {
      this.nowMs = endMs;
      return false;
    }
    this.#queue.pop();
    this.nowMs = next.at;
    next.run();
    return true;
  }
}
