// Appends that are flushed together.
import { headBytes, writeFrame, type Flags } from './frame';

const leastBytes = 4 * 1024;

export class Group {
  readonly done: Promise<void>;
  settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
  private buffer: Buffer;
  private used = 0;

  /** Where the group begins in the log: known when its turn comes. */
  place = { segment: -1, offset: -1 };

  /** Groups under a steady load are alike, so the size of the last one is the best guess for the next. */
  constructor(readonly firstPosition: number, expectedBytes: number) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(leastBytes, Math.ceil(expectedBytes * 1.1)));
    let settle: Group['settle'] | undefined;
    this.done = new Promise((resolve, reject) => { settle = { resolve, reject }; });
    // Every append of the group waits for it; a group without one must not count as an unhandled rejection.
    this.done.catch(() => undefined);
    this.settle = settle ?? { resolve: () => undefined, reject: () => undefined };
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  textAt(at: number, bytes: number): string {
    return this.buffer.toString('utf8', at + headBytes, at + bytes);
  }

  /** Answers where in the group the frame begins, and its size. */
  add(text: string, flags: Omit<Flags, 'beginsFlush'>): { readonly at: number; readonly bytes: number } {
    this.reserve(headBytes + text.length * 3);
    const start = this.used;
    this.used = writeFrame(this.buffer, start, text, { ...flags, beginsFlush: start === 0 });
    return { at: start, bytes: this.used - start };
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.used + bytes));
    this.buffer.copy(larger, 0, 0, this.used);
    this.buffer = larger;
  }
}
