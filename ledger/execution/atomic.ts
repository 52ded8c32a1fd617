// Several writes that become one transaction of the store, or none of them. LMDB's own batch has no way back: where the third value cannot
// be encoded, the first two are written all the same. So every value is encoded when it is noted, before the first is handed over.
import { asBinary } from 'lmdb';
import type { Database, Key, RootDatabase } from 'lmdb';
import { Fault, messageOf } from '@oort/kernel-wire';
import { isChecked } from './checked-values';

/** The disk is full or refuses; nothing of what was to be written together is there. */
export class StoreUnwritable extends Fault {
  constructor(why: string) {
    super('STORE_UNWRITABLE', `the chain's store cannot be written: ${why}`, { why });
  }

  /** LMDB says "Commit failed" and hands over what it was as a promise that rejects. */
  static async of(error: unknown): Promise<StoreUnwritable> {
    const { commitError } = error as { readonly commitError?: Promise<never> };
    return new StoreUnwritable(commitError === undefined ? messageOf(error) : await commitError.catch(messageOf));
  }
}

export class Writes {
  readonly #noted: (() => void)[] = [];

  put<V, K extends Key>(database: Database<V, K>, key: K, value: V): void {
    const { encoder } = database as { readonly encoder?: unknown };
    const encoded = isChecked<V>(encoder) ? asBinary(encoder.encode(value)) as unknown as V : value;
    this.#noted.push(() => { void database.put(key, encoded); });
  }

  remove<V, K extends Key>(database: Database<V, K>, key: K): void {
    this.#noted.push(() => { void database.remove(key); });
  }

  /** Resolves when all of it is committed and can be read. Throws StoreUnwritable. */
  async commit(root: RootDatabase): Promise<void> {
    try {
      await root.batch(() => { for (const write of this.#noted) write(); });
    } catch (error) {
      throw await StoreUnwritable.of(error);
    }
  }
}

/** LMDB makes a promise of its own for each turn's writes that nobody can take, and where the disk is full it would end the process. Whoever
 *  has written is told by a promise of their own. */
export function hearFailures(root: RootDatabase): void {
  root.on('beforecommit', () => {
    process.nextTick(() => { root.committed.then(undefined, () => undefined); });
  });
}
