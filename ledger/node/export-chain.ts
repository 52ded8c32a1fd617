// `oort chain export` and `import`: the final order of one node into a file, and out of a file into another node that believes none of it.
import { join } from 'node:path';
import { genesisBlock, zeroHash } from '@oort/ledger-chain';
import type { Block, GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { openChainStore, StableChain, stablePoint, StoreBroken } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import type { Carried } from '@oort/ledger-network';
import { ChainFileReader, ChainFileRefused, ChainFileWriter } from './chain-file';
import type { ChainFileEnd } from './chain-file';
import { bytesOf } from './hex-bytes';
import { historyPage } from './history-page';
import { HistoryRefused } from './history-refused';
import { lockChain } from './lock';
import { Replay } from './replay';

export interface ExportOptions {
  /** Of the node; it may be running. */
  readonly directory: string;
  readonly file: string;
  readonly onProgress?: (next: number, of: number) => void;
}

/** Again into the same file, it goes on behind what is there. */
export async function exportChain({ directory, file, onProgress }: ExportOptions): Promise<ChainFileEnd> {
  const store = openChainStore(join(directory, 'chain'));
  try {
    const chain = new StableChain(store);
    const point = stablePoint(store);
    if (point === undefined) throw new StoreBroken('its stable point');
    const { nextIndex } = point;
    const genesisHash = chain.hashAt(0) ?? zeroHash;
    const writer = new ChainFileWriter(file, { version: 1, chainId: chain.genesis().parameters.chainId, genesisHash });
    try {
      while (writer.next < nextIndex) {
        const page = historyPage(writer.next, { chain, find: (hash) => wholePart(store, hash) });
        if (page.next === writer.next) throw new StoreBroken(`the block at ${writer.next}`);
        writer.page(page);
        onProgress?.(writer.next, nextIndex);
      }
      const last = chain.hashAt(writer.next - 1) ?? zeroHash;
      const end = { next: writer.next, hash: last, summary: chain.summary(last) ?? zeroHash };
      writer.finish({ from: 0, next: 0, items: unstablePart(store) }, end);
      return end;
    } finally {
      writer.close();
    }
  } finally {
    await store.root.close();
  }
}

export interface ImportOptions {
  /** Of a node that is not running; a new one, or one that lacks something. */
  readonly directory: string;
  readonly file: string;
  readonly document: GenesisDocument;
  readonly codes: ReadonlyMap<string, Hex>;
  readonly statesKept?: number;
  readonly onProgress?: (next: number, part: number) => void;
}

/** Answers the next stable index. Throws ChainFileRefused or HistoryRefused; what came before stays, and a whole file goes on there. */
export async function importChain({ directory, file, document, codes, statesKept, onProgress }: ImportOptions): Promise<number> {
  const place = join(directory, 'chain');
  const reader = new ChainFileReader(file);
  const unlock = lockChain(place);
  try {
    const { chainId, genesisHash } = reader.header;
    if (chainId !== document.parameters.chainId || genesisHash !== genesisBlock(document).hash) throw new ChainFileRefused('EXPORT_OF_ANOTHER_CHAIN', file, 'is of another chain than the genesis');
    const replay = await Replay.open({ directory: place, document, codes, ...(statesKept === undefined ? {} : { statesKept }) });
    try {
      await takeAll(reader, file, replay, onProgress);
      return replay.nextIndex;
    } finally {
      await replay.close();
    }
  } finally {
    unlock();
    reader.close();
  }
}

async function takeAll(reader: ChainFileReader, file: string, replay: Replay, onProgress?: (next: number, part: number) => void): Promise<void> {
  let next = 1;
  for (let record = reader.next(); record !== null; record = reader.next()) {
    if (record.kind === 'end') {
      compareEnd(record.end, replay);
      return;
    }
    if (record.kind === 'unstable') await replay.takeUnstable(record.page().items);
    else {
      if (record.from !== next) throw new HistoryRefused('HISTORY_INCOMPLETE', `${file} goes on at ${record.from} where ${next} is due`);
      next = record.next;
      if (record.next > replay.nextIndex) await replay.take(record.page());
      onProgress?.(replay.nextIndex, reader.progress);
    }
  }
  throw new ChainFileRefused('EXPORT_TRUNCATED', file, `has no end: what came before it is here, up to ${replay.nextIndex - 1}`);
}

function compareEnd({ next, hash, summary }: ChainFileEnd, { chain }: Replay): void {
  const found = chain.hashAt(next - 1);
  // The last ones may be final only with blocks that are not in the file.
  if (found === undefined) return;
  if (found !== hash || chain.summary(hash) !== summary) {
    throw new HistoryRefused('HISTORY_SUMMARY_DIFFERS', `the file says that it ends at ${next - 1} with ${hash} and ${summary}, and it is ${found} and ${String(chain.summary(found))}`);
  }
}

function wholePart(store: ChainStore, hash: Hash): Carried {
  const part = storedPart(store, hash);
  if (part === null) throw new StoreBroken(hash);
  return part;
}

/** The wire form of a block, transaction or approve that is in the store. */
export function storedPart(store: ChainStore, hash: Hash): Carried | null {
  const wire = store.blocks.get(hash);
  if (wire !== undefined) return { kind: 'block', bytes: wire };
  const raw = store.transactions.get(hash) ?? store.pool.get(hash);
  if (raw !== undefined) return { kind: 'transaction', bytes: bytesOf(raw) };
  const approve = store.approves.get(hash);
  return approve === undefined ? null : { kind: 'approve', bytes: bytesOf(approve) };
}

/** Blocks that are not final, ancestors first, each behind what it lists. */
export function unstablePart(store: ChainStore): readonly Carried[] {
  const chain = new StableChain(store);
  const waiting = new Map<Hash, Block>();
  for (const hash of store.unstable.getKeys({})) {
    const block = chain.block(hash);
    if (block !== undefined) waiting.set(hash, block);
  }
  const ordered: Block[] = [];
  const visit = (block: Block): void => {
    if (!waiting.delete(block.hash)) return;
    for (const parent of block.parents) {
      const above = waiting.get(parent);
      if (above !== undefined) visit(above);
    }
    ordered.push(block);
  };
  for (const block of [...waiting.values()]) visit(block);
  return ordered.flatMap((block) => [...block.links, ...block.approves, block.hash].flatMap((hash) => storedPart(store, hash) ?? []));
}
