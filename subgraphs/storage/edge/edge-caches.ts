// Reads through a cache near this door. Edge nodes are not trusted: they keep sealed frames, which prove themselves when they are opened
// here, under orders like any piece, and what one gives wrong is read from the storage nodes instead and named. What is asked for a second
// time is put there; the reader does not wait for it.
import { commitPiece, receiptStatement } from '@oort/algorithms-possession';
import { verifySignature } from '@oort/kernel-identity';
import { sha256 } from '@oort/kernel-wire';
import type { EdgeStatement, SegmentPlacement, StorageEvent } from '@oort/schema/events/storage';
import { PieceRefused } from '../data-path/faults';
import type { CachedPiece } from '../data-path/piece-client';
import type { StorageNode } from '../data-path/port';
import type { Pace, RangeToRead, Reading } from '../data-path/read-plain';
import { FrameOpener, sealFrames } from '../data-path/sealing';
import type { Wires } from '../data-path/write';
import { chunkBytes, chunksOf, edgeGroup, type Chunk } from './chunks';
import { Recent } from './recent';

export interface EdgeOptions {
  /** Only caches of this region are asked. */
  readonly region: string;
  /** For one answer; then the storage nodes are asked. Default: 1 s. */
  readonly answerMs?: number;
}

export interface EdgeCounts { readonly hits: number; readonly misses: number; readonly fills: number; readonly refuted: number; readonly purges: number; readonly bytes: number }

export type Refuted = Extract<StorageEvent, { readonly type: 'EdgeAnswerRefuted' }>['data'];

/** The way past all caches, to the storage nodes. */
export type ReadBeside = (range: RangeToRead, reading: Reading, pace: Pace) => AsyncGenerator<Buffer[]>;

/** A name of some bytes and numbers: 65,536 of them are a few megabytes, and 16 GiB of cached content. */
const remembered = 65_536;
const largestBatch = 16;
const fillsAtOnce = 4;
/** Chunks that wait to be put: 16 MiB of them. What comes then is put when it is read again. */
const mostWaiting = 64;
/** A cache that gave something wrong is not asked for so long. */
const bannedMs = 10 * 60_000;

interface Asked { readonly chunk: Chunk; readonly answer: CachedPiece | null }

export class EdgeCaches {
  readonly #asked = new Recent<true>(remembered);
  readonly #receipts = new Recent<EdgeStatement>(remembered);
  readonly #banned = new Map<string, number>();
  readonly #filling = new Set<Promise<void>>();
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #counts = { hits: 0, misses: 0, fills: 0, refuted: 0, purges: 0, bytes: 0 };
  /** Told of each answer that did not open. */
  onRefuted: (refuted: Refuted) => void = () => undefined;

  constructor(private readonly wires: Wires, private readonly options: EdgeOptions, private readonly readBeside: ReadBeside) {}

  counts(): EdgeCounts { return { ...this.#counts }; }

  /** Batches of plain bytes, in order. Throws PiecesUnreachable, SegmentCorrupt. */
  async* read({ segment, start, end }: RangeToRead, reading: Reading, pace: Pace): AsyncGenerator<Buffer[]> {
    const cache = start < end ? await this.#cacheOf(segment.segmentId) : null;
    if (cache === null) return yield* this.readBeside({ segment, start, end }, reading, pace);
    const chunks = chunksOf(segment, start, end);
    const missing: Chunk[] = [];
    for (let next = 0; next < chunks.length;) {
      const batch = chunks.slice(next, next + Math.max(1, Math.min(largestBatch, Math.floor(pace.batchBytes / chunkBytes))));
      next += batch.length;
      const asked = await Promise.all(batch.map(async (chunk): Promise<Asked> => ({ chunk, answer: await this.#ask(cache, chunk, reading.accountId) })));
      for (const { chunk, answer } of asked) {
        const opened = answer === null ? null : this.#open(cache, segment, chunk, answer, reading);
        if (opened === null) missing.push(chunk);
        else {
          yield* this.#readMissing(cache, missing.splice(0), { segment, start, end }, reading, pace);
          yield cut(opened, chunk.start, start, end);
        }
      }
      // Where nothing of a batch is, the rest of the segment is rarely there.
      if (missing.length < batch.length) continue;
      missing.push(...chunks.slice(next));
      break;
    }
    yield* this.#readMissing(cache, missing, { segment, start, end }, reading, pace);
  }

  /** For whoever waits that nothing is under way, in tests and at the end. */
  async settled(): Promise<void> { await Promise.all(this.#filling); }

  /** Takes what is not wanted any more out of the caches. What is missed goes by itself, and is never given for something else. */
  async purge(segments: readonly Pick<SegmentPlacement, 'segmentId'>[]): Promise<void> {
    const caches = await this.#caches();
    await Promise.all(segments.flatMap(({ segmentId }) => caches.map(async (cache) => {
      this.#counts.purges += 1;
      await this.wires.client.delete(cache, edgeGroup(segmentId)).catch(() => undefined);
    })));
  }

  async #caches(): Promise<readonly StorageNode[]> {
    return (await this.wires.watch.all()).filter((node) => node.kind === 'edge' && node.region === this.options.region && this.wires.watch.isWell(node)
      && !this.#isBanned(node.nodeId));
  }

  #isBanned(nodeId: string): boolean { return this.wires.now().getTime() - (this.#banned.get(nodeId) ?? -Infinity) <= bannedMs; }

  /** The same for all doors of the region (rendezvous hashing: Thaler and Ravishankar, 1998), so that they fill it for each other. */
  async #cacheOf(segmentId: string): Promise<StorageNode | null> {
    let [best, weight] = [null as StorageNode | null, ''];
    for (const node of await this.#caches()) {
      const own = sha256(`${segmentId}/${node.nodeId}`).toString('hex');
      if (own > weight) [best, weight] = [node, own];
    }
    return best;
  }

  async #ask(cache: StorageNode, { pieceId, sealedBytes }: Chunk, accountId: string): Promise<CachedPiece | null> {
    const { client, watch } = this.wires;
    try {
      return await client.getCached(cache, accountId, pieceId, sealedBytes, AbortSignal.timeout(this.options.answerMs ?? 1_000));
    } catch (error) {
      if (!(error instanceof PieceRefused && error.reason === 'missing')) watch.failed(cache.nodeId);
      return null;
    }
  }

  /** Null when it does not open, which only the cache can be to blame for: its name says what the bytes must be. */
  #open(cache: StorageNode, { segmentId, sizeBytes }: SegmentPlacement, chunk: Chunk, answer: CachedPiece, { objectKey }: Reading): readonly Buffer[] | null {
    try {
      const plain = new FrameOpener(objectKey, segmentId, sizeBytes, chunk.firstFrame).update([answer.body]);
      if (answer.body.length === chunk.sealedBytes && plain.reduce((sum, part) => sum + part.length, 0) === chunk.end - chunk.start) {
        this.#counts.hits += 1;
        this.#counts.bytes += answer.body.length;
        answer.arrived();
        return plain;
      }
    } catch {
      // Told below.
    }
    this.#refute(cache, segmentId, chunk.pieceId, answer);
    return null;
  }

  #refute(cache: StorageNode, segmentId: string, pieceId: string, { body, receipt }: CachedPiece): void {
    const { nodeId, publicKey } = cache;
    this.#counts.refuted += 1;
    // Answers that were under way say nothing new.
    if (this.#isBanned(nodeId)) return;
    this.#banned.set(nodeId, this.wires.now().getTime());
    const said = { ...commitPiece(body), sizeBytes: body.length };
    const signed = receipt !== null && verifySignature(publicKey, receiptStatement({ nodeId, pieceId, ...said }), receipt);
    const taken = this.#receipts.get(`${nodeId}/${pieceId}`) ?? null;
    this.onRefuted({ nodeId, segmentId, pieceId, taken, given: signed ? { ...said, signature: receipt } : null });
  }

  /** From the storage nodes, in one run: all of a chunk where it is worth keeping, else what was asked for. */
  async* #readMissing(cache: StorageNode, chunks: readonly Chunk[], { segment, start, end }: RangeToRead, reading: Reading, pace: Pace): AsyncGenerator<Buffer[]> {
    const [first, last] = [chunks[0], chunks.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#counts.misses += chunks.length;
    const hot = chunks.filter(({ pieceId }) => this.#asked.get(pieceId) !== undefined && this.#waiting.length < mostWaiting);
    for (const { pieceId } of chunks) this.#asked.set(pieceId, true);
    let at = hot.includes(first) ? first.start : Math.max(start, first.start);
    const to = hot.includes(last) ? last.end : Math.min(end, last.end);
    const parts = new Map(hot.map((chunk) => [chunk, [] as Buffer[]]));
    for await (const batch of this.readBeside({ segment, start: at, end: to }, reading, pace)) {
      const length = batch.reduce((sum, part) => sum + part.length, 0);
      for (const [chunk, held] of parts) {
        held.push(...cut(batch, at, chunk.start, chunk.end));
        if (chunk.end > at + length) continue;
        parts.delete(chunk);
        this.#fill(cache, segment, chunk, Buffer.concat(held), reading.objectKey);
      }
      const wanted = cut(batch, at, start, end);
      at += length;
      if (wanted.length > 0) yield wanted;
    }
  }

  /** Paid for by the platform: whoever reads did not ask for it. */
  #fill(cache: StorageNode, { segmentId, sizeBytes }: SegmentPlacement, { pieceId, firstFrame }: Chunk, plain: Buffer, objectKey: Uint8Array): void {
    if (this.#waiting.length >= mostWaiting || this.#isBanned(cache.nodeId)) return;
    const put = async (): Promise<void> => {
      const sealed = sealFrames(plain, objectKey, segmentId, firstFrame, sizeBytes);
      const commitment = commitPiece(sealed);
      try {
        const signature = await this.wires.client.put(cache, 'platform', pieceId, sealed, commitment);
        this.#counts.fills += 1;
        this.#receipts.set(`${cache.nodeId}/${pieceId}`, { ...commitment, sizeBytes: sealed.length, signature });
      } catch {
        this.wires.watch.failed(cache.nodeId);
      }
    };
    this.#waiting.push(put);
    if (this.#filling.size < fillsAtOnce) {
      const filling: Promise<void> = this.#fillOn().finally(() => { this.#filling.delete(filling); });
      this.#filling.add(filling);
    }
  }

  async #fillOn(): Promise<void> {
    for (let put = this.#waiting.shift(); put !== undefined; put = this.#waiting.shift()) await put();
  }
}

/** Of plain bytes that begin at `at`, those from `start` to `end` (exclusive). */
function cut(parts: readonly Buffer[], at: number, start: number, end: number): Buffer[] {
  let offset = at;
  return parts.flatMap((part) => {
    const wanted = part.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    offset += part.length;
    return wanted.length === 0 ? [] : [wanted];
  });
}
