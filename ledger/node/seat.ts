import type { Block } from '@oort/ledger-chain';
import type { View } from './view';

/** One view of the DAG and who looks through it: a witness, who writes, or an observer, who does not. */
export interface Seat {
  readonly view: View;
  receive(block: Block): void;
  retry(kind: 'transaction' | 'approve' | 'summary' | 'time'): void;
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

  retry(kind: 'transaction' | 'approve' | 'summary' | 'time'): void {
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
