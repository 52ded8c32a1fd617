import { createHash, randomBytes } from 'node:crypto';
import { contentIdOfHash } from '@oort/kernel-content';
import { command, type Outcome } from '@oort/kernel-decider';
import type { KeyStore } from '@oort/kernel-eventstore';
import { newId } from '@oort/kernel-wire';
import type { SegmentPlacement } from '@oort/schema/events/storage';
import { accountKeyId } from './account-key';
import type { ObjectCommand } from './commands';
import { segmentBytes, type DataPath } from './data-path/data-path';
import { wrapKey } from './data-path/sealing';
import type { WrittenSegment } from './data-path/write';
import { objectStreamId } from './object-id';
import type { ObjectRefusal } from './refusals';
import type { ObjectState } from './state';

export type HandleObject = (aggregateId: string, command: ObjectCommand) => Promise<Outcome<ObjectState, ObjectRefusal>>;

export interface ObjectWriterOptions {
  readonly dataPath: DataPath;
  readonly keys: KeyStore;
  readonly handle: HandleObject;
  now(): Date;
}

/** Bytes that lie on enough nodes and belong to nobody yet. */
export interface Draft {
  readonly versionId: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly md5: string;
  readonly sha256: string;
  readonly contentId: string;
  readonly wrappedKey: string;
  readonly segments: readonly SegmentPlacement[];
  /** Once it is an object: records the pieces that come after the acknowledgement. */
  follow(bucket: string, key: string): void;
  /** When it will be none: takes the pieces back. */
  discard(): Promise<void>;
}

export class ObjectWriter {
  readonly #options: ObjectWriterOptions;

  constructor(options: ObjectWriterOptions) { this.#options = options; }

  /** A fresh object key, wrapped. */
  async newKey(accountId: string): Promise<{ readonly objectKey: Buffer; readonly wrappedKey: string }> {
    const objectKey = randomBytes(32);
    return { objectKey, wrappedKey: wrapKey(objectKey, await this.#options.keys.obtain(accountKeyId(accountId))) };
  }

  /** Takes a body in: cut, encrypted, coded, spread. While one segment is on its way to the nodes the next one is read.
   *  Rejects with what the body or the nodes reject with, and leaves nothing behind then. */
  async receive(body: AsyncIterable<Uint8Array>, accountId: string, given?: { readonly objectKey: Buffer; readonly wrappedKey: string }): Promise<Draft> {
    const { objectKey, wrappedKey } = given ?? await this.newKey(accountId);
    const md5 = createHash('md5');
    const sha256 = createHash('sha256');
    const written: Promise<WrittenSegment>[] = [];
    let sizeBytes = 0;
    try {
      for await (const segment of segmentsOf(body)) {
        md5.update(segment);
        sha256.update(segment);
        sizeBytes += segment.length;
        await written.at(-1);
        const next = this.#options.dataPath.write(segment, objectKey, accountId);
        next.catch(() => undefined);
        written.push(next);
      }
      await Promise.all(written);
    } catch (error) {
      await this.#discard(written);
      throw error;
    }
    const segments = (await Promise.all(written)).map(({ placement }) => placement);
    const versionId = newId('object', this.#options.now());
    const digest = sha256.digest();
    return {
      versionId, sizeBytes, md5: md5.digest('hex'), sha256: digest.toString('hex'), contentId: contentIdOfHash(digest), wrappedKey, segments,
      follow: (bucket, key) => { for (const segment of written) void this.follow(bucket, key, versionId, segment); },
      discard: () => this.#discard(written),
    };
  }

  /** Never rejects: a piece that cannot be recorded is an orphan, and swept. */
  async follow(bucket: string, key: string, versionId: string, segment: Promise<WrittenSegment>): Promise<void> {
    try {
      const { placement, late } = await segment;
      for (const piece of await late) await this.addPiece(bucket, key, versionId, placement.segmentId, piece);
    } catch (error) {
      process.emitWarning(`a late piece of ${versionId} was not recorded: ${String(error)}`);
    }
  }

  /** Records a piece, or takes it back when its object is gone or the place is filled. */
  async addPiece(bucket: string, key: string, versionId: string, segmentId: string, piece: SegmentPlacement['pieces'][number]): Promise<boolean> {
    const { handle, now, dataPath } = this.#options;
    const outcome = await handle(objectStreamId(bucket, key), command('AddPiece', { versionId, segmentId, piece }, { actor: 'platform', now: now() }));
    if (!outcome.ok) await dataPath.remove([piece]);
    return outcome.ok;
  }

  async #discard(written: readonly Promise<WrittenSegment>[]): Promise<void> {
    for (const settled of await Promise.allSettled(written)) {
      if (settled.status === 'rejected') continue;
      await this.#options.dataPath.remove([...settled.value.placement.pieces, ...await settled.value.late]);
    }
  }
}

/** Regroups a body into segments; an empty body is one empty segment. */
async function* segmentsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let count = 0;
  for await (const chunk of body) {
    for (let offset = 0; offset < chunk.length;) {
      const part = chunk.subarray(offset, offset + segmentBytes - size);
      chunks.push(part);
      size += part.length;
      offset += part.length;
      if (size < segmentBytes) continue;
      yield Buffer.concat(chunks, size);
      chunks = [];
      size = 0;
      count += 1;
    }
  }
  if (size > 0 || count === 0) yield Buffer.concat(chunks, size);
}
