// Requests that come while a batch runs make up the next one (group commit, for inference): no request waits for a clock, and the
// busier it is, the larger the batches become.

export interface BatcherOptions {
  /** Rows of one batch. */
  readonly most: number;
  /** One answer a row, in their order. */
  run(rows: readonly Float32Array[]): Promise<readonly Float32Array[]>;
}

interface Waiting { readonly row: Float32Array; resolve(answer: Float32Array): void; reject(error: unknown): void }

export class Batcher {
  private readonly waiting: Waiting[] = [];
  private busy = false;

  constructor(private readonly options: BatcherOptions) {}

  /** Rejects with what the batch failed with: all of its rows do. */
  answer(row: Float32Array): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ row, resolve, reject });
      if (this.busy) return;
      this.busy = true;
      // What is asked in the same turn joins the first batch.
      queueMicrotask(() => { void this.drain(); });
    });
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.options.most);
      try {
        const answers = await this.options.run(batch.map(({ row }) => row));
        batch.forEach(({ resolve }, index) => { resolve(answers[index] ?? new Float32Array()); });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.busy = false;
  }
}
