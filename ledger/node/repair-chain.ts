// A store that is damaged, mended: what has a hash is fetched by it from peers and put back; anything else (state, receipts, the order) is
// made anew by running every block again, from what is whole here and what peers have. The old store is set aside, never deleted.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@oort/kernel-wire';
import { decodeBlock, genesisBlock } from '@oort/ledger-chain';
import type { GenesisDocument, Hash, Hex } from '@oort/ledger-chain';
import { openChainStore, StableChain, stablePoint } from '@oort/ledger-execution';
import type { ChainStore } from '@oort/ledger-execution';
import type { Carried, Log } from '@oort/ledger-network';
import { checkChain, fetched } from './check-chain';
import type { Damage } from './check-chain';
import { storedPart, unstablePart } from './export-chain';
import { hexOf } from './hex-bytes';
import type { HistoryPage } from './history-page';
import { HistoryRefused } from './history-refused';
import { lockChain } from './lock';
import { isWhole, putPart } from './mending';
import { nameOf, PeerSource } from './peer-source';
import { Replay } from './replay';

export interface RepairOptions {
  /** Of a node that is not running. */
  readonly directory: string;
  readonly document: GenesisDocument;
  readonly codes: ReadonlyMap<string, Hex>;
  /** `host:port` of others; none mends only what can be made from what is whole here. */
  readonly peers: readonly string[];
  /** False where reading the old store kills the process: then everything comes from peers. */
  readonly readable?: boolean;
  readonly patienceMs?: number;
  readonly statesKept?: number;
  readonly log?: Log;
}

export interface Repair {
  readonly damages: readonly Damage[];
  /** Fetched from peers by hash. */
  readonly fetched: number;
  /** Where the old store lies, if the chain was run again. */
  readonly setAside: string | null;
  readonly nextIndex: number;
}

const pageBlocks = 500;
const pageBytes = 512 * 1024;

export class NotMended extends Fault {
  constructor(what: string) {
    super('CHAIN_NOT_MENDED', `${what} is damaged here, and no peer has answered with it`);
  }
}

export async function repairChain(options: RepairOptions): Promise<Repair> {
  const place = join(options.directory, 'chain');
  const unlock = lockChain(place);
  const { directory, document, peers, log } = options;
  const source = await PeerSource.open({
    directory, peers, chainId: document.parameters.chainId, genesisHash: genesisBlock(document).hash, ...(log === undefined ? {} : { log }),
  });
  try {
    const old = options.readable === false ? null : openChainStore(place);
    const mended = await mend(old, place, source, options).finally(() => old?.root.close());
    return { ...mended, setAside: mended.rebuilt ? swap(place) : null };
  } finally {
    await source.close();
    unlock();
  }
}

async function mend(old: ChainStore | null, place: string, source: PeerSource, options: RepairOptions): Promise<Omit<Repair, 'setAside'> & { readonly rebuilt: boolean }> {
  const damages = old === null ? [] : (await checkChain(old)).damages;
  if (old !== null && damages.every(({ database, key }) => fetched.has(database) && key !== null)) {
    const put = damages.length === 0 ? 0 : await putBack(old, damages, source, options);
    if (put === 0 || (put !== null && (await checkChain(old)).damages.length === 0)) return { damages, fetched: put, nextIndex: stablePoint(old)?.nextIndex ?? 1, rebuilt: false };
  }
  return { damages, ...(await rebuild(old, place, source, options)), rebuilt: true };
}

/** How many were fetched; null where nobody has some of them. */
async function putBack(store: ChainStore, damages: readonly Damage[], source: PeerSource, { patienceMs = 30_000, log }: RepairOptions): Promise<number | null> {
  const hashes = damages.flatMap(({ key }) => (key === null ? [] : [key]));
  const parts = await source.parts(hashes, patienceMs);
  for (const [hash, part] of parts) {
    if (!isWhole(part, hash)) continue;
    log?.('info', 'repair.putBack', { kind: part.kind, hash });
    await putPart(store, part, hash);
  }
  await store.root.flushed;
  return parts.size === hashes.length ? parts.size : null;
}

async function rebuild(
  old: ChainStore | null, place: string, source: PeerSource, options: RepairOptions,
): Promise<{ readonly fetched: number; readonly nextIndex: number }> {
  const { document, codes, patienceMs = 30_000, statesKept, log } = options;
  const replay = await Replay.open({ directory: `${place}-rebuilt`, document, codes, ...(statesKept === undefined ? {} : { statesKept }) });
  const pages = new MendedPages(old, source, patienceMs);
  try {
    const goal = old === null ? null : pages.goal();
    let from = replay.nextIndex;
    for (let page = await pages.from(from); page !== null; page = await pages.from(from)) {
      from = await takeOrFetch(replay, page, pages);
      log?.('info', 'repair.ranAgain', { to: replay.nextIndex - 1, of: goal === null ? null : goal - 1 });
      if (from >= Math.max(goal ?? 0, source.height)) break;
    }
    if (old !== null) await keepOwn(old, replay);
    if (goal !== null && from < goal) throw new NotMended(`block ${from}`);
    if (replay.nextIndex === 1) throw new NotMended('everything');
    return { fetched: pages.fetched, nextIndex: replay.nextIndex };
  } finally {
    await replay.close();
  }
}

/** What was written here and is refused by the rules was damaged before its checksum was made: others may have it whole. */
async function takeOrFetch(replay: Replay, page: HistoryPage, pages: MendedPages): Promise<number> {
  try {
    await replay.take(page);
    return page.next;
  } catch (error) {
    const other = error instanceof HistoryRefused ? await pages.ofPeers(page.from) : null;
    if (other === null) throw error;
    await replay.take(other);
    return other.next;
  }
}

/** Blocks that are not final, and what each witness of this node has written last: forgetting that would be a fork. */
async function keepOwn(old: ChainStore, replay: Replay): Promise<void> {
  try {
    await replay.takeUnstable(unstablePart(old));
  } catch (error) {
    // Peers still have them; a node with a witness writes nothing before it has heard them.
    if (!(error instanceof Fault)) throw error;
  }
  const names = orUndefined(() => [...old.meta.getKeys({ start: 'previous:', end: 'previous;' })]) ?? [];
  for (const name of names) {
    const previous = orUndefined(() => old.meta.get(name));
    if (typeof previous === 'string' && storedPart(replay.store, previous) !== null) await replay.store.meta.put(name, previous);
  }
}

function swap(place: string): string {
  let aside = `${place}-damaged`;
  for (let number = 2; existsSync(aside); number += 1) aside = `${place}-damaged-${number}`;
  renameSync(place, aside);
  renameSync(`${place}-rebuilt`, place);
  rmSync(join(aside, 'lock'), { force: true });
  return aside;
}

/** The final order, from what is whole here and what peers have. */
class MendedPages {
  fetched = 0;
  readonly #chain: StableChain | null;

  constructor(private readonly old: ChainStore | null, private readonly source: PeerSource, private readonly patienceMs: number) {
    this.#chain = old === null ? null : new StableChain(old);
  }

  /** The next stable index of the old store; null where that cannot be read. */
  goal(): number | null {
    return orUndefined(() => (this.old === null ? undefined : stablePoint(this.old)?.nextIndex)) ?? null;
  }

  /** Null behind the end. */
  async from(index: number): Promise<HistoryPage | null> {
    if (this.#chain === null) return this.ofPeers(index);
    const items: Carried[] = [];
    let next = index;
    for (let bytes = 0; next < index + pageBlocks && bytes < pageBytes; next += 1) {
      const block = this.#whole(next);
      if (block === null) break;
      items.push(...block);
      bytes += block.reduce((sum, part) => sum + part.bytes.length, 0);
    }
    if (next > index) return { from: index, next, items };
    const hash = orUndefined(() => this.#chain?.hashAt(index));
    return hash === undefined ? this.ofPeers(index) : this.#mended(index, hash);
  }

  /** A block behind what it lists, where all of that is here. */
  #whole(index: number): Carried[] | null {
    const hash = orUndefined(() => this.#chain?.hashAt(index));
    const own = hash === undefined ? null : this.#here(hash);
    if (own === null) return null;
    const { links, approves } = decodeBlock(hexOf(own.bytes));
    const parts = [...links.map((link) => this.#here(link)), ...approves.map((approve) => this.#here(approve)), own];
    return parts.every((part) => part !== null) ? parts : null;
  }

  #here(hash: Hash): Carried | null {
    const { old } = this;
    const part = old === null ? undefined : orUndefined(() => storedPart(old, hash));
    return part != null && nameOf(part) === hash ? part : null;
  }

  async ofPeers(index: number): Promise<HistoryPage | null> {
    const page = await this.source.page(index, this.patienceMs);
    this.fetched += page?.items.length ?? 0;
    return page;
  }

  async #mended(index: number, hash: Hash): Promise<HistoryPage> {
    const own = await this.#part(hash);
    const { links, approves } = decodeBlock(hexOf(own.bytes));
    const listed = await Promise.all([...links, ...approves].map((part) => this.#part(part)));
    return { from: index, next: index + 1, items: [...listed, own] };
  }

  async #part(hash: Hash): Promise<Carried> {
    const here = this.#here(hash);
    if (here !== null) return here;
    const found = (await this.source.parts([hash], this.patienceMs)).get(hash);
    if (found === undefined) throw new NotMended(hash);
    this.fetched += 1;
    return found;
  }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
