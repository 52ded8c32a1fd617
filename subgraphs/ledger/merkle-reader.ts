// The Merkle log over everything that was ever recorded, as it stands in the store: ciphertext where data is not public.
// Read anew at each start, and compared with the last anchored root: a store that was changed since is not anchored further.
// In memory stays little of it: hashes of blocks of 1024 events, and every anchor; a proof reads a block or two of the store again.
import { eventLeaf } from '@oort/kernel-merkle';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { Fault } from '@oort/kernel-wire';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import { EventIndex } from './event-index';
import { SparseLog, usualBlockLeaves } from './sparse-log';

export type LogAnchor = Extract<LedgerEvent, { readonly type: 'LogAnchored' }>['data'];

export interface EventProof {
  readonly eventId: string;
  readonly leaf: string;
  readonly index: number;
  readonly treeSize: number;
  readonly path: readonly string[];
  readonly root: string;
  readonly txHash: string;
  readonly blockNumber: number;
}

export interface ProvenEvents {
  readonly anchor: { readonly treeSize: number; readonly root: string; readonly txHash: string };
  readonly events: readonly (Pick<RecordedEvent, 'id' | 'stream' | 'type' | 'data'> & {
    readonly revision: string; readonly metadata: RecordedEvent['metadata'] & Record<never, never>; readonly index: number; readonly path: readonly string[];
  })[];
}

export class LogDiverged extends Fault {
  constructor(treeSize: number, anchored: string, found: string) {
    super('LOG_DIVERGED', `the first ${treeSize} events hash to ${found}, but ${anchored} is anchored`, { treeSize, anchored, found });
  }
}

export interface LogProofs {
  /** All under one anchored root; null while one of them is not anchored. */
  prove(eventIds: readonly string[]): Promise<ProvenEvents | null>;
  /** Null while the event is unknown or not anchored yet. */
  eventProof(eventId: string): Promise<EventProof | null>;
}

/** For a process that proves and anchors nothing: reads the log until the signal aborts. Throws LogDiverged. */
export async function openProofs(rawStore: EventStore, signal: AbortSignal): Promise<LogProofs> {
  const reader = new MerkleReader(rawStore);
  await new Promise<void>((resolve, reject) => {
    reader.run(signal, resolve).then(resolve, (reason: unknown) => {
      reject(reason);
      if (!signal.aborted) throw reason;
    });
  });
  return proofsOf(reader);
}

export function proofsOf(reader: MerkleReader): LogProofs {
  return { prove: (eventIds) => reader.proveAll(eventIds), eventProof: (eventId) => reader.prove(eventId) };
}

export class MerkleReader {
  private readonly log: SparseLog;
  /** Of the first event of each block. */
  private readonly positions: bigint[] = [];
  private readonly index: EventIndex;
  readonly anchors: LogAnchor[] = [];
  /** Index of the newest event that deserves an anchor. */
  private newest = -1;

  constructor(private readonly rawStore: EventStore, { blockLeaves = usualBlockLeaves, mostInMemory }: { readonly blockLeaves?: number; readonly mostInMemory?: number } = {}) {
    this.blockLeaves = blockLeaves;
    this.log = new SparseLog(async (block) => (await this.eventsOf(block)).map(eventLeaf), blockLeaves);
    this.index = new EventIndex(mostInMemory);
  }

  private readonly blockLeaves: number;

  get size(): number {
    return this.log.size;
  }

  root(): string {
    return this.log.rootNow().toString('hex');
  }

  get latest(): LogAnchor | null {
    return this.anchors.at(-1) ?? null;
  }

  /** An anchor's own events start no new anchor. */
  get hasNews(): boolean {
    return this.newest >= (this.latest?.treeSize ?? 0);
  }

  /** Runs until the signal aborts; calls `caughtUp` when all that was there at the start has been read. Throws LogDiverged. */
  async run(signal: AbortSignal, caughtUp: () => void): Promise<void> {
    for await (const delivery of this.rawStore.subscribe({ from: 'start', signal })) {
      if (delivery.kind === 'event') await this.take(delivery.event);
      if (delivery.kind === 'caughtUp') caughtUp();
    }
  }

  /** Under the latest anchor; null when the event is unknown or not anchored yet. */
  async prove(eventId: string): Promise<EventProof | null> {
    const anchor = this.latest;
    const place = anchor === null ? null : await this.placeOf(eventId, anchor.treeSize, new Map());
    if (place === null || anchor === null) return null;
    const { treeSize, root, txHash, blockNumber } = anchor;
    const { index } = place;
    return { eventId, leaf: (await this.log.leaf(index)).toString('hex'), index, treeSize, path: await this.path(index, treeSize), root, txHash, blockNumber };
  }

  /** All under one anchored root; null when one of them is unknown or not anchored yet. */
  async proveAll(eventIds: readonly string[]): Promise<ProvenEvents | null> {
    const anchor = this.latest;
    if (anchor === null) return null;
    const read = new Map<number, readonly RecordedEvent[]>();
    const places: { readonly index: number; readonly event: RecordedEvent }[] = [];
    for (const eventId of new Set(eventIds)) {
      const place = await this.placeOf(eventId, anchor.treeSize, read);
      if (place === null) return null;
      places.push(place);
    }
    // In the order of the log, so that each block is read once.
    const paths = new Map<number, readonly string[]>();
    for (const { index } of places.toSorted((one, other) => one.index - other.index)) paths.set(index, await this.path(index, anchor.treeSize));
    const events = places.map(({ index, event: { id, stream, revision, type, data, metadata } }) =>
      ({ id, stream, revision: revision.toString(), type, data, metadata: { ...metadata }, index, path: paths.get(index) ?? [] }));
    return { anchor: { treeSize: anchor.treeSize, root: anchor.root, txHash: anchor.txHash }, events };
  }

  private async take(event: RecordedEvent): Promise<void> {
    const index = this.log.size;
    if (index % this.blockLeaves === 0) this.positions.push(event.position);
    this.log.append(eventLeaf(event));
    await this.index.add(event.id, index);
    if (event.type === 'LogAnchored') await this.check(event.data as unknown as LogAnchor);
    if (!isOwn(event)) this.newest = index;
  }

  private async check(anchor: LogAnchor): Promise<void> {
    const found = anchor.treeSize > this.size ? 'too few events' : (await this.log.root(anchor.treeSize)).toString('hex');
    if (found !== anchor.root) throw new LogDiverged(anchor.treeSize, anchor.root, found);
    this.anchors.push(anchor);
  }

  private async path(index: number, size: number): Promise<readonly string[]> {
    return (await this.log.proof(index, size)).map((each) => each.toString('hex'));
  }

  /** The index knows only some bytes of an id, so the event itself decides. */
  private async placeOf(
    eventId: string, size: number, read: Map<number, readonly RecordedEvent[]>,
  ): Promise<{ readonly index: number; readonly event: RecordedEvent } | null> {
    for (const index of this.index.find(eventId)) {
      if (index >= size) continue;
      const block = Math.floor(index / this.blockLeaves);
      const events = read.get(block) ?? await this.eventsOf(block);
      read.set(block, events);
      const event = events[index % this.blockLeaves];
      if (event?.id === eventId) return { index, event };
    }
    return null;
  }

  private async eventsOf(block: number): Promise<readonly RecordedEvent[]> {
    const position = this.positions[block] ?? 0n;
    const events: RecordedEvent[] = [];
    for await (const event of this.rawStore.readAll(position === 0n ? 'start' : { after: position - 1n }, { limit: this.blockLeaves })) events.push(event);
    return events;
  }
}

function isOwn({ type, data }: RecordedEvent): boolean {
  if (type === 'ChainLogObserved') return (data as unknown as { readonly event: string }).event === 'Anchored';
  return type === 'ChainCallIntended' || type === 'ChainCallFinalised' || type === 'LogAnchored';
}
