// Which batches may be opened: those of whose tasks none is still to be answered. What was no phantom must not be known before its answer
// either, or whoever is asked it would know that nobody looks.

/** Jobs that ended before they were committed to; the two are told in no order. */
const endedKept = 10_000;
/** A job that nobody takes must not keep a batch shut for ever. */
const longestMs = 24 * 3_600_000;

export class OpenBatches {
  readonly #waiting = new Map<string, string>();
  readonly #ended = new Set<string>();
  readonly #closed = new Map<string, number>();

  committed(taskId: string, batchId: string): void {
    if (!this.#ended.delete(taskId)) this.#waiting.set(taskId, batchId);
  }

  /** Answered, failed or cancelled. */
  ended(taskId: string): void {
    if (this.#waiting.delete(taskId)) return;
    this.#ended.add(taskId);
    const [eldest] = this.#ended;
    if (this.#ended.size > endedKept && eldest !== undefined) this.#ended.delete(eldest);
  }

  closed(batchId: string, at: Date): void { this.#closed.set(batchId, at.getTime()); }

  opened(batchId: string): void {
    this.#closed.delete(batchId);
    for (const [taskId, of] of this.#waiting) if (of === batchId) this.#waiting.delete(taskId);
  }

  /** `phantomsOut` are batches of phantoms that were not judged yet; those wait however long it takes. */
  ready(now: Date, phantomsOut: ReadonlySet<string>): readonly string[] {
    const waiting = new Set(this.#waiting.values());
    return [...this.#closed].flatMap(([batchId, at]) => (
      phantomsOut.has(batchId) || (waiting.has(batchId) && now.getTime() - at < longestMs) ? [] : [batchId]));
  }
}
