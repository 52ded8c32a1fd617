// What a node keeps on disk, in one LMDB environment: every change of the stable point is one transaction of it,
// so state, receipts and the stable point are always of the same moment, whenever the process dies.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { Database, RootDatabase, Transaction as ReadTransaction } from 'lmdb';
import type { Json } from '@oort/kernel-wire';
import { hearFailures } from './atomic';
import { checkedBytes, checkedJson, checkedReceipts, checkedWithBloom } from './checked-values';
import type { Address, ApproveReceipt, Hash, Hex, Log } from '@oort/ledger-chain';

export interface StableRecord {
  readonly mci: number;
  readonly index: number;
  readonly level: number;
  readonly witnessedLevel: number;
  readonly bestParent: Hash | null;
  /** 1: the second stable block with its root (rule 9). */
  readonly status: 0 | 1;
  readonly summary: Hash;
  readonly receiptsRoot: Hash;
  readonly skipSummaries: readonly Hash[];
  /** Time of the MCI's trunk block: what the EVM saw (rule 10). */
  readonly timestamp: number;
  /** Those of its links that ran in this block, in order. */
  readonly transactions: readonly Hash[];
  readonly gasUsed: Hex;
  readonly bloom: Hex;
  /** Of the first trunk block of an epoch: the encoded receipt that names the set elected. */
  readonly epochReceipt?: Hex;
}

/** An approve that has run, in the first block that lists it. */
export interface ApproveRecord extends ApproveReceipt {
  readonly block: Hash;
  readonly epoch: number;
}

export interface ReceiptRecord {
  readonly status: 0 | 1;
  readonly gasUsed: Hex;
  readonly cumulativeGasUsed: Hex;
  readonly effectiveGasPrice: Hex;
  readonly bloom: Hex;
  readonly logs: readonly Log[];
  readonly block: Hash;
  readonly index: number;
  readonly position: number;
  /** Number of this transaction's first log within the block. */
  readonly firstLog: number;
  readonly type: number;
  readonly from: Address;
  readonly to: Address | null;
  readonly contractAddress: Address | null;
}

export interface LogRecord extends Log {
  readonly transaction: Hash;
  readonly position: number;
  readonly block: Hash;
}

export interface StablePoint {
  readonly mci: number;
  readonly hash: Hash;
  readonly nextIndex: number;
}

export interface ChainStore {
  readonly root: RootDatabase;
  readonly meta: Database<Json, string>;
  /** Canonical RLP of every valid block, stable or not. */
  readonly blocks: Database<Buffer, Hash>;
  /** Hashes of valid blocks that are not stable: what a restart accepts anew. */
  readonly unstable: Database<number, Hash>;
  readonly stable: Database<StableRecord, Hash>;
  readonly byIndex: Database<Hash, number>;
  readonly trunk: Database<Hash, number>;
  /** Pending transactions by hash. */
  readonly pool: Database<Hex, Hash>;
  readonly transactions: Database<Hex, Hash>;
  readonly receipts: Database<ReceiptRecord, Hash>;
  readonly logs: Database<LogRecord, [number, number]>;
  /** Places of logs, by contract (log-index.ts). */
  readonly logsOf: Database<number, Buffer>;
  readonly forkRoots: Database<Hash, string>;
  /** Wire forms of approves, whether they have run or not. */
  readonly approves: Database<Hex, Hash>;
  readonly approveReceipts: Database<ApproveRecord, Hash>;
  /** Every staking pool that was ever opened. */
  readonly pools: Database<number, Address>;
  /** By epoch: `approves:`, `stakers:`, `tally:`, `witnesses:`, `work:` and the number. */
  readonly epochs: Database<Json, string>;
  readonly state: Database<Buffer, Buffer>;
  /** By state key and index of the block that changed it (6 bytes, big endian): 0x01 and the value before, or 0x00 alone (past.ts). */
  readonly past: Database<Buffer, Buffer>;
  /** Which keys a block changed: what pruning removes. */
  readonly pastKeys: Database<Buffer[], number>;
}

export function openChainStore(directory: string): ChainStore {
  // A store from before values carried checksums is read as it was written.
  const fresh = !existsSync(join(directory, 'data.mdb'));
  const root = open({ path: directory, maxDbs: 32, noMemInit: true });
  hearFailures(root);
  const format = root.openDB<string, string>({ name: 'format' });
  if (fresh) format.putSync('values', 'crc32');
  const checked = format.get('values') === 'crc32';
  // LMDB's types do not name the option `encoder`.
  const named = <V, K extends string | number | [number, number] | Buffer>(name: string, keys: { readonly keyEncoding?: 'binary' } = {}): Database<V, K> => {
    const options = checked ? { name, encoder: checkedJson(name), ...keys } : { name, ...keys };
    return root.openDB<V, K>(options);
  };
  const encoded = <V>(name: string, encoder: (database: string) => { encode(value: V): Buffer }): Database<V, Hash> => {
    const options = checked ? { name, encoder: encoder(name) } : { name };
    return root.openDB<V, Hash>(options);
  };
  const bytes = <K extends string | Buffer>(name: string, keys: { readonly keyEncoding?: 'binary' } = {}): Database<Buffer, K> => {
    const options = checked ? { name, encoder: checkedBytes(name), ...keys } : { name, encoding: 'binary' as const, ...keys };
    return root.openDB<Buffer, K>(options);
  };
  return {
    root,
    meta: named('meta'),
    blocks: bytes('blocks'),
    unstable: named('unstable'),
    stable: encoded<StableRecord>('stable', checkedWithBloom),
    byIndex: named('byIndex'),
    trunk: named('trunk'),
    pool: named('pool'),
    transactions: named('transactions'),
    receipts: encoded<ReceiptRecord>('receipts', checkedReceipts),
    logs: named('logs'),
    logsOf: named('logsOf', { keyEncoding: 'binary' }),
    forkRoots: named('forkRoots'),
    approves: named('approves'),
    approveReceipts: named('approveReceipts'),
    pools: named('pools'),
    epochs: named('epochs'),
    state: bytes('state', { keyEncoding: 'binary' }),
    past: bytes('past', { keyEncoding: 'binary' }),
    pastKeys: root.openDB({ name: 'pastKeys' }),
  };
}

export function stablePoint(store: ChainStore): StablePoint | undefined {
  return store.meta.get('stablePoint') as unknown as StablePoint | undefined;
}

export type { ReadTransaction };
