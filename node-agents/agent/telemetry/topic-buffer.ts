// What of one topic was not taken yet. Readings wait in a log; an envelope is made of the oldest when it is their turn, and is on
// disk before it is sent, so that whatever is sent again after a crash is the same envelope to the byte.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { largestEnvelopeBytes, sealEnvelope, SegmentLog, type ChainPlace, type EpochReason } from '@oort/kernel-telemetry';
import type { DeviceKey } from '@oort/kernel-identity';
import type { Topic } from '@oort/schema/telemetry/topics';
import { readPlace, writePlace } from './place-file';

export interface Sealed {
  readonly topic: Topic;
  readonly epoch: number;
  readonly sequence: number;
  readonly bytes: Buffer;
}

interface InFlight { readonly bytes: string; readonly hash: string; /** The reading after its last one. */ readonly through: number }

/** What is known of the chain and of the log, changed as a whole. `sequence` and `previousHash` are of the next envelope. */
export interface Place extends ChainPlace {
  /** The first reading that is in no envelope yet that was taken. */
  readonly next: number;
  readonly inFlight: InFlight | null;
  /** Readings given up that no envelope has told of. */
  readonly dropped: number;
}

export interface TopicBufferOptions {
  readonly topic: Topic;
  readonly directory: string;
  readonly nodeId: string;
  readonly key: DeviceKey;
  /** Whether the node may never have sent anything of this topic: otherwise a missing place is a lost one. */
  readonly isNew: boolean;
  nowMs(): number;
  log(text: string): void;
}

/** A part of what one envelope may have: names, signature and lengths come on top. */
const largestReadingsBytes = largestEnvelopeBytes / 2;
const mostReadings = 1000;
const segmentBytes = 256 * 1024;

export function hasPlace(directory: string, topic: Topic): boolean {
  return existsSync(placePath(directory, topic));
}

export class TopicBuffer {
  readonly #log: SegmentLog;
  readonly #path: string;
  #place: Place;
  /** Whether the place on disk is behind. It may be: then the envelope before goes out again, and is known. */
  #behind = false;

  constructor(private readonly options: TopicBufferOptions) {
    const { directory, topic } = options;
    this.#path = placePath(directory, topic);
    this.#log = new SegmentLog({ directory: join(directory, topic, 'log'), segmentBytes });
    const isNew = options.isNew && !existsSync(this.#path) && this.#log.next === 0;
    const known = readPlace(this.#path, options.log);
    const whole = known !== null && known.next <= this.#log.next && (known.inFlight?.through ?? 0) <= this.#log.next;
    this.#place = whole ? known : this.#begun(isNew ? 'first' : 'disk-lost', known);
    if (!whole) writePlace(this.#path, this.#place);
  }

  get topic(): Topic { return this.options.topic; }
  get bytes(): number { return this.#log.bytes; }
  /** Readings that no envelope holds yet. */
  get waiting(): number { return this.#log.next - Math.max(this.#place.next, this.#place.inFlight?.through ?? 0); }

  /** Resolves once it survives a power cut. Throws LogFailed. */
  async append(reading: Uint8Array): Promise<void> {
    await this.#log.append(reading);
  }

  /** The envelope whose turn it is, on disk; the same until it is settled. Null when nothing waits. */
  async seal(): Promise<Sealed | null> {
    const { topic, nodeId, key } = this.options;
    const { inFlight, next } = this.#place;
    if (inFlight !== null) return { topic, epoch: this.#place.epoch, sequence: this.#place.sequence, bytes: Buffer.from(inFlight.bytes, 'base64') };
    const { readings, through } = await this.#oldest();
    const { epoch, epochReason, sequence, previousHash, dropped } = this.#place;
    // Some may have been given up while they were read.
    if (this.#place.next !== next) return this.seal();
    if (readings.length === 0) return null;
    const { bytes, hash } = sealEnvelope({ nodeId, key, topic, epoch, epochReason, sequence, previousHash, readings, dropped, sealedAtMs: this.options.nowMs() });
    this.#keep({ ...this.#place, dropped: 0, inFlight: { bytes: bytes.toString('base64'), hash, through } });
    return { topic, epoch, sequence, bytes };
  }

  /** The envelope was taken, or will never be: the next one follows it. */
  settle(): void {
    const { inFlight, sequence, next } = this.#place;
    if (inFlight === null) return;
    this.#place = { ...this.#place, sequence: sequence + 1, previousHash: inFlight.hash, next: Math.max(next, inFlight.through), inFlight: null };
    this.#behind = true;
    if (this.waiting === 0) this.#keep(this.#place);
    this.#log.removeBefore(this.#place.next);
  }

  /** Gives the oldest readings up to make room; answers how many. What is under way is not among them. */
  async giveUpOldest(): Promise<number> {
    if (this.#log.segments.length === 1) await this.#log.startSegment();
    const [oldest] = this.#log.segments;
    if (oldest === undefined || oldest.next <= oldest.first) return 0;
    const { next, inFlight, dropped } = this.#place;
    const lost = Math.max(0, oldest.next - Math.max(next, oldest.first, inFlight?.through ?? 0));
    this.#keep({ ...this.#place, next: Math.max(next, oldest.next), dropped: dropped + lost });
    this.#log.removeBefore(oldest.next);
    return lost;
  }

  async close(): Promise<void> {
    if (this.#behind) this.#keep(this.#place);
    await this.#log.close();
  }

  async #oldest(): Promise<{ readonly readings: readonly Uint8Array[]; readonly through: number }> {
    const cursor = this.#log.cursor(this.#place.next);
    const readings: Uint8Array[] = [];
    let [bytes, through] = [0, this.#place.next];
    try {
      for (let records = await cursor.read(); records.length > 0; records = await cursor.read()) {
        for (const { number, bytes: reading } of records) {
          bytes += reading.length;
          if (readings.length === mostReadings || (readings.length > 0 && bytes > largestReadingsBytes)) return { readings, through };
          readings.push(reading);
          through = number + 1;
        }
      }
      return { readings, through };
    } finally {
      await cursor.close();
    }
  }

  /** A chain of its own, declared in its first envelope: the place in the old one is lost. What is left in the log may have been sent
   *  or not; it is given up, since nothing may count twice. */
  #begun(epochReason: EpochReason, known: Place | null): Place {
    if (epochReason !== 'first') this.options.log(`telemetry ${this.options.topic}: the buffer was lost; a new chain begins`);
    const epoch = Math.max(this.options.nowMs(), (known?.epoch ?? 0) + 1);
    return { epoch, epochReason, sequence: 0, previousHash: null, next: this.#log.next, inFlight: null, dropped: this.#log.next - this.#log.first };
  }

  #keep(place: Place): void {
    writePlace(this.#path, place);
    this.#place = place;
    this.#behind = false;
  }
}

function placePath(directory: string, topic: Topic): string {
  return join(directory, topic, 'place.json');
}
