// What a running node has found damaged on its disk and can have from anybody by its hash: asked for, compared with its name, put back.
import { decodeBlock, recoverAuthor } from '@oort/ledger-chain';
import type { Hash } from '@oort/ledger-chain';
import { ChainDataDamaged } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import type { Carried, Log } from '@oort/ledger-network';
import { fetched } from './check-chain';
import { hexOf } from './hex-bytes';
import { nameOf } from './peer-source';

export class Mending {
  readonly #wanted = new Set<Hash>();

  constructor(private readonly store: ChainStore, private readonly log: Log) {}

  get wanted(): readonly Hash[] {
    return [...this.#wanted];
  }

  /** False where nobody else can have it, or where it is not known whose value it is. */
  noted(error: unknown, asked: Hash | null = null): boolean {
    if (!(error instanceof ChainDataDamaged) || !fetched.has(error.database)) return false;
    const hash = error.key ?? asked;
    if (hash === null) return false;
    if (!this.#wanted.has(hash)) this.log('error', 'store.damaged', { database: error.database, key: hash });
    this.#wanted.add(hash);
    return true;
  }

  /** True where the part was wanted for that and is whole: it is on its way to the disk. */
  take(part: Carried): boolean {
    if (this.#wanted.size === 0) return false;
    const hash = nameOf(part);
    if (hash === null || !this.#wanted.has(hash) || !isWhole(part, hash)) return false;
    this.#wanted.delete(hash);
    this.log('warn', 'store.mended', { kind: part.kind, key: hash });
    void putPart(this.store, part, hash);
    return true;
  }
}

/** A block's hash does not cover its signature. */
export function isWhole(part: Carried, hash: Hash): boolean {
  if (nameOf(part) !== hash) return false;
  if (part.kind !== 'block') return true;
  const { from, signature } = decodeBlock(hexOf(part.bytes));
  return recoverAuthor(hash, signature) === from;
}

export async function putPart(store: ChainStore, { kind, bytes }: Carried, hash: Hash): Promise<void> {
  if (kind === 'block') await store.blocks.put(hash, bytes);
  else if (kind === 'transaction') await store.transactions.put(hash, hexOf(bytes));
  else await store.approves.put(hash, hexOf(bytes));
}
