import { createHash } from 'node:crypto';
import { contentIdOfHash } from '@oort/kernel-content';
import { command, type Outcome } from '@oort/kernel-decider';
import { newId } from '@oort/kernel-wire';
import type { SegmentPlacement } from '@oort/schema/events/storage';
import type { ObjectCommand } from './commands';
import { segmentBytes, type DataPath } from './data-path/data-path';
import type { SegmentSink } from './data-path/segment-sink';
import type { WrittenSegment } from './data-path/write';
import { objectStreamId } from './object-id';
import type { ObjectKeys } from './object-keys';
import type { ObjectRefusal } from './refusals';
import type { ObjectState } from './state';

export type HandleObject = (aggregateId: string, command: ObjectCommand) => Promise<Outcome<ObjectState, ObjectRefusal>>;

export interface ObjectWriterOptions {
  readonly dataPath: DataPath;
  readonly keys: ObjectKeys;
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

  /** Takes a body in: cut, encrypted, coded, spread. While the receipts of one segment are awaited the next one is sent.
   *  Rejects with what the body or the nodes reject with, and leaves nothing behind then. */
  async receive(body: AsyncIterable<Uint8Array>, accountId: string, given?: { readonly objectKey: Buffer; readonly wrappedKey: string }): Promise<Draft> {
    const { objectKey, wrappedKey } = given ?? await this.#options.keys.newKey(accountId);
    const md5 = createHash('md5');
    const sha256 = createHash('sha256');
    const written: Promise<WrittenSegment>[] = [];
    let sizeBytes = 0;
    let sink: SegmentSink | null = null;
    try {
      for await (const chunk of body) {
        md5.update(chunk);
        sha256.update(chunk);
        sizeBytes += chunk.length;
        for (let offset = 0; offset < chunk.length;) {
          sink ??= this.#options.dataPath.sink(objectKey, accountId);
          const part: Uint8Array = chunk.subarray(offset, offset + segmentBytes - sink.plainBytes);
          await sink.write(part);
          offset += part.length;
          if (sink.plainBytes < segmentBytes) continue;
          await written.at(-1);
          written.push(ended(sink));
          sink = null;
        }
      }
      // An empty body is one empty segment.
      if (sink !== null || written.length === 0) written.push(ended(sink ?? this.#options.dataPath.sink(objectKey, accountId)));
      sink = null;
      await Promise.all(written);
    } catch (error) {
      await sink?.abort();
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

/** It may be refused before anybody waits for it. */
function ended(sink: SegmentSink): Promise<WrittenSegment> {
  const written = sink.end().catch(async (error: unknown) => {
    await sink.abort();
    throw error;
  });
  written.catch(() => undefined);
  return written;
}
