import type { Block } from '@oort/ledger-chain';
import type { View } from './view';

/** What a held block may have waited for. */
export type Retried = 'transaction' | 'approve' | 'summary' | 'time';

/** One view of the DAG and who looks through it: a witness, who writes, or an observer, who does not. */
export interface Seat {
  readonly view: View;
  receive(block: Block): void;
  retry(kind: Retried): void;
  wake(): void;
  stop(): Promise<void>;
}

/** A node without a key of a witness: it checks and runs everything, and writes nothing. */
export class Observer implements Seat {
  #stopped = false;

  constructor(readonly view: View, private readonly broken: (error: unknown) => void) {}

  receive(block: Block): void {
    this.#guarded(() => this.view.receive(block));
  }

  retry(kind: Retried): void {
    this.#guarded(() => this.view.retry(kind));
  }

  wake(): void { /* It has nothing to write. */ }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  #guarded(act: () => void): void {
    try {
      if (!this.#stopped) act();
    } catch (error) {
      this.broken(error);
    }
  }
}

/** Looks again at what is held, once for all that has come in a turn. */
export class Retries {
  readonly #kinds = new Set<Retried>();

  constructor(private readonly seats: readonly Seat[]) {}

  soon(kind: Retried): void {
    if (this.#kinds.size === 0) setImmediate(() => { this.#retry(); });
    this.#kinds.add(kind);
  }

  #retry(): void {
    const kinds = [...this.#kinds];
    this.#kinds.clear();
    for (const seat of this.seats) for (const kind of kinds) seat.retry(kind);
  }
}
