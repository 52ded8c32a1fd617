// The Merkle log over everything that was ever recorded, as it stands in the store: ciphertext where data is not public.
// Read anew at each start, and compared with the last anchored root: a store that was changed since is not anchored further.
import { MerkleLog, eventLeaf } from '@oort/kernel-merkle';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { Fault } from '@oort/kernel-wire';
import type { LedgerEvent } from '@oort/schema/events/ledger';

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
  eventProof(eventId: string): EventProof | null;
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
  private readonly log = new MerkleLog();
  private readonly positions: bigint[] = [];
  private readonly indexOf = new Map<string, number>();
  readonly anchors: LogAnchor[] = [];
  /** Index of the newest event that deserves an anchor. */
  private newest = -1;

  constructor(private readonly rawStore: EventStore) {}

  get size(): number {
    return this.log.size;
  }

  root(): string {
    return this.log.root().toString('hex');
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
      if (delivery.kind === 'event') this.take(delivery.event);
      if (delivery.kind === 'caughtUp') caughtUp();
    }
  }

  /** Under the latest anchor; null when the event is unknown or not anchored yet. */
  prove(eventId: string): EventProof | null {
    const index = this.indexOf.get(eventId);
    const anchor = this.latest;
    if (index === undefined || anchor === null || index >= anchor.treeSize) return null;
    const { treeSize, root, txHash, blockNumber } = anchor;
    return { eventId, leaf: this.log.leaf(index).toString('hex'), index, treeSize, path: this.path(index, treeSize), root, txHash, blockNumber };
  }

  /** All under one anchored root; null when one of them is unknown or not anchored yet. */
  async proveAll(eventIds: readonly string[]): Promise<ProvenEvents | null> {
    const anchor = this.latest;
    const indexes = [...new Set(eventIds)].map((id) => this.indexOf.get(id));
    if (anchor === null) return null;
    const events: ProvenEvents['events'][number][] = [];
    for (const index of indexes) {
      const event = index === undefined || index >= anchor.treeSize ? null : await this.stored(index);
      if (index === undefined || event === null) return null;
      const { id, stream, revision, type, data, metadata } = event;
      events.push({ id, stream, revision: revision.toString(), type, data, metadata: { ...metadata }, index, path: this.path(index, anchor.treeSize) });
    }
    return { anchor: { treeSize: anchor.treeSize, root: anchor.root, txHash: anchor.txHash }, events };
  }

  private take(event: RecordedEvent): void {
    this.log.append(eventLeaf(event));
    this.positions.push(event.position);
    this.indexOf.set(event.id, this.log.size - 1);
    if (event.type === 'LogAnchored') this.check(event.data as unknown as LogAnchor);
    if (!isOwn(event)) this.newest = this.log.size - 1;
  }

  private check(anchor: LogAnchor): void {
    const found = anchor.treeSize > this.size ? 'too few events' : this.log.root(anchor.treeSize).toString('hex');
    if (found !== anchor.root) throw new LogDiverged(anchor.treeSize, anchor.root, found);
    this.anchors.push(anchor);
  }

  private path(index: number, size: number): readonly string[] {
    return this.log.proof(index, size).map((hash) => hash.toString('hex'));
  }

  private async stored(index: number): Promise<RecordedEvent | null> {
    const position = this.positions[index] ?? 0n;
    for await (const event of this.rawStore.readAll(position === 0n ? 'start' : { after: position - 1n }, { limit: 1 })) return event;
    return null;
  }
}

function isOwn({ type, data }: RecordedEvent): boolean {
  if (type === 'ChainLogObserved') return (data as unknown as { readonly event: string }).event === 'Anchored';
  return type === 'ChainCallIntended' || type === 'ChainCallFinalised' || type === 'LogAnchored';
}
