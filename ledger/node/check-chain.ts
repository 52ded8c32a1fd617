// Whether everything that lies on disk is what was written: checksums of all values, then the chain itself: order, hashes, links,
// receipts roots and summaries, each of which commits to all before it.
import { keccak256 } from 'ethers';
import { recoverAuthor, summaryHash } from '@oort/ledger-chain';
import type { Hash } from '@oort/ledger-chain';
import { ChainDataDamaged, receiptsRoot, StableChain, stablePoint } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';

export interface Damage {
  readonly database: string;
  /** A hash, an index or another name; null where a whole database cannot be walked through. */
  readonly key: string | null;
  readonly why: string;
}

export interface ChainCheck {
  readonly values: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly damages: readonly Damage[];
}

export interface CheckOptions {
  /** Only so many blocks at the end, and no walk through all values: what a start looks at. */
  readonly last?: number;
  /** The author of every block too, by its signature. */
  readonly signatures?: boolean;
}

/** Named at most: a disk that is lost altogether need not be listed byte by byte. */
const mostDamages = 1_000;
/** What holds values by their hash: it can be had from anybody. */
export const fetched: ReadonlySet<string> = new Set(['blocks', 'transactions', 'approves']);

export async function checkChain(store: ChainStore, { last, signatures = false }: CheckOptions = {}): Promise<ChainCheck> {
  const damages: Damage[] = [];
  const known = new Set<string>();
  const tell = (database: string, key: string | null, why: string): void => {
    const name = `${database} ${String(key)}`;
    if (known.has(name) || damages.length >= mostDamages) return;
    known.add(name);
    damages.push({ database, key, why });
  };
  const values = last === undefined ? checkValues(store, tell) : 0;
  const order = await new OrderCheck(store, signatures, tell).run(last);
  for (const hash of keysOf(store, 'unstable', tell)) tryTo('blocks', hash, tell, () => new StableChain(store).block(hash) ?? tell('blocks', hash, 'is missing'));
  return { values, ...order, damages };
}

/** What the rules read again and again, looked at once; the store is closed where it is damaged. Throws ChainDataDamaged. */
export async function checkEnd(store: ChainStore): Promise<void> {
  if (!store.meta.doesExist('stablePoint')) return;
  const [damage] = (await checkChain(store, { last: 128 })).damages;
  if (damage === undefined) return;
  await store.root.close();
  throw new ChainDataDamaged(damage.database, damage.key);
}

type Tell = (database: string, key: string | null, why: string) => void;

function checkValues(store: ChainStore, tell: Tell): number {
  let count = 0;
  const { root: _, ...databases } = store;
  for (const [name, database] of Object.entries(databases)) {
    let found = 0;
    try {
      for (const key of database.getKeys({})) {
        found += 1;
        tryTo(name, nameOf(key), tell, () => { (database.get as (key: unknown) => unknown)(key); });
      }
      const { entryCount } = database.getStats() as { readonly entryCount: number };
      if (entryCount !== found) tell(name, null, `${found} of ${entryCount} values can be found`);
    } catch (error) {
      tell(name, null, reasonOf(error));
    }
    count += found;
  }
  return count;
}

class OrderCheck {
  readonly #chain: StableChain;

  constructor(private readonly store: ChainStore, private readonly signatures: boolean, private readonly tell: Tell) {
    this.#chain = new StableChain(store);
  }

  async run(last?: number): Promise<{ readonly blocks: number; readonly transactions: number }> {
    const nextIndex = tryTo('meta', 'stablePoint', this.tell, () => stablePoint(this.store)?.nextIndex);
    if (nextIndex === undefined) {
      this.tell('meta', 'stablePoint', 'is missing');
      return { blocks: 0, transactions: 0 };
    }
    let [blocks, transactions] = [0, 0];
    for (let index = Math.max(0, last === undefined ? 0 : nextIndex - last); index < nextIndex; index += 1) {
      const hash = tryTo('byIndex', String(index), this.tell, () => this.#chain.hashAt(index));
      if (hash === undefined) this.tell('byIndex', String(index), 'is missing');
      else transactions += await this.#block(hash, index);
      blocks += 1;
    }
    return { blocks, transactions };
  }

  async #block(hash: Hash, index: number): Promise<number> {
    const { tell } = this;
    const block = tryTo('blocks', hash, tell, () => this.#chain.block(hash));
    const record = tryTo('stable', hash, tell, () => this.#chain.record(hash));
    if (record === undefined) tell('stable', hash, 'is missing');
    if (block === undefined) tell('blocks', hash, 'is missing');
    if (block === undefined || record === undefined) return 0;
    if (record.index !== index) tell('stable', hash, `stands at ${record.index}, not ${index}`);
    if (this.signatures && index > 0 && recoverAuthor(hash, block.signature) !== block.from) tell('blocks', hash, 'is not signed by its author');
    for (const link of block.links) this.#transaction(link);
    for (const approve of block.approves) tryTo('approves', approve, tell, () => this.#chain.approve(approve) ?? tell('approves', approve, 'is missing'));
    try {
      // What its neighbours and receipts say, and what it said when it was run.
      if (index > 0 && await Promise.resolve(receiptsRoot(this.#chain.encodedReceipts(hash))) !== record.receiptsRoot) tell('receipts', hash, 'do not hash to the receipts root of their block');
      if (summaryHash(this.#chain.summaryParts(hash)) !== record.summary) tell('stable', hash, 'does not hash to its summary');
    } catch (error) {
      this.#told(error, hash);
    }
    const trunk = tryTo('trunk', String(record.mci), tell, () => this.#chain.trunkAt(record.mci));
    if (trunk === undefined) tell('trunk', String(record.mci), 'is missing');
    return record.transactions.length;
  }

  #transaction(hash: Hash): void {
    const raw = tryTo('transactions', hash, this.tell, () => this.#chain.transaction(hash));
    if (raw === undefined) this.tell('transactions', hash, 'is missing');
    else if (keccak256(raw) !== hash) this.tell('transactions', hash, 'does not hash to its name');
  }

  /** A neighbour that is damaged has been named already, or will be, for itself. */
  #told(error: unknown, hash: Hash): void {
    if (error instanceof ChainDataDamaged && error.key !== null) this.tell(error.database, error.key, 'is damaged');
    else this.tell('stable', hash, reasonOf(error));
  }
}

function* keysOf(store: ChainStore, name: 'unstable', tell: Tell): Generator<string> {
  try {
    yield* store[name].getKeys({});
  } catch (error) {
    tell(name, null, reasonOf(error));
  }
}

function tryTo<T>(database: string, key: string, tell: Tell, act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    tell(database, key, error instanceof ChainDataDamaged ? 'is damaged' : reasonOf(error));
    return undefined;
  }
}

function nameOf(key: unknown): string {
  return Buffer.isBuffer(key) ? `0x${key.toString('hex')}` : String(key);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
