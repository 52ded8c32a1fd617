// Pieces in an S3 bucket of the node's operator. A piece is acknowledged once the provider has confirmed it under its MD5, is never
// written over, and is checked whenever it is read. What a bucket gives back wrongly is treated as lost, so that repair rebuilds it.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client, S3ServiceException, type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { messageOf } from '@oort/kernel-wire';
import { readState, writeState } from '@oort/node-agents-agent';
import { isEqual } from '@oort/node-agents-agent/pieces/bytes';
import { PieceConflict, PieceStoreFull } from '@oort/node-agents-agent/pieces/faults';
import type { Bytes, PieceStore, StoredPiece } from '@oort/node-agents-agent/pieces/port';
import type { BucketAddress } from './address';
import { BucketOfAnotherNode, BucketUnavailable } from './faults';
import { framed, framesOf, sizeInside, unframed } from './framing';

export interface BucketOptions {
  readonly address: BucketAddress;
  /** What a restart knows its bucket by. */
  readonly directory: string;
  /** Default: the SDK's own chain (environment, files, role of the machine). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  /** Of one call, the first included: throttling, answers of the kind 5xx and broken connections are tried again, later and later. */
  readonly attempts?: number;
  log(text: string): void;
}

interface Fetched { readonly stored: Buffer; readonly storedBytes: number }
type PutResult = 'written' | 'exists';

const outOfSpace = new Set(['QuotaExceeded', 'QuotaExceededException', 'XMinioStorageFull', 'InsufficientStorage', 'InsufficientCapacity']);
/** Writers of one key at once, as AWS documents it: the loser asks again. */
const raced = 'ConditionalRequestConflict';

/** Throws BucketOfAnotherNode, BucketUnavailable. */
export async function openBucketStore(options: BucketOptions): Promise<PieceStore> {
  const bucket = new Bucket(options);
  await bucket.claim();
  return bucket;
}

class Bucket implements PieceStore {
  readonly #s3: S3Client;
  readonly #place: string;
  /** False for providers that let a conditional write pass: then this process looks before it writes. */
  #conditional = true;
  readonly #writing = new Map<string, Promise<void>>();

  constructor(private readonly options: BucketOptions) {
    const { address: { bucket, prefix, endpoint, region }, credentials, attempts = 5 } = options;
    this.#place = `s3://${bucket}/${prefix}`;
    this.#s3 = new S3Client({
      region, maxAttempts: attempts, ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }), ...(credentials === undefined ? {} : { credentials }),
      // Every provider understands an MD5; the newer checksums and their chunked bodies only some.
      requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: 5000, requestTimeout: 60_000 },
    });
  }

  /** The place is this node's alone, by a mark that is written once. The second try to write it shows whether the provider keeps to conditions. */
  async claim(): Promise<void> {
    const { directory } = this.options;
    await mkdir(directory, { recursive: true });
    const path = join(directory, 'bucket-owner.json');
    const owner = readState<{ readonly owner: string }>(path)?.owner ?? randomUUID();
    writeState(path, { owner });
    const key = `${this.options.address.prefix}owner`;
    const present = await this.#fetch(key);
    if (present === null) await this.#write(key, Buffer.from(owner), true);
    else if (present.stored.toString('utf8') !== owner) throw new BucketOfAnotherNode(this.#place);
    this.#conditional = await this.#write(key, Buffer.from(owner), true) === 'exists';
    if (!this.#conditional) this.options.log(`${this.#place}: this provider knows no conditional writes; each piece is looked up before it is written`);
    if ((await this.#fetch(key))?.stored.toString('utf8') !== owner) throw new BucketOfAnotherNode(this.#place);
  }

  /** One at a time for an id, so that looking and writing are one step where the provider has no conditions. */
  async put(pieceId: string, bytes: Bytes): Promise<void> {
    const writing = (this.#writing.get(pieceId) ?? Promise.resolve()).catch(() => undefined).then(() => this.#put(pieceId, bytes));
    this.#writing.set(pieceId, writing);
    await writing.finally(() => { if (this.#writing.get(pieceId) === writing) this.#writing.delete(pieceId); });
  }

  async get(pieceId: string): Promise<Buffer | null> {
    const fetched = await this.#fetch(this.#keyOf(pieceId));
    return fetched === null ? null : this.#checked(pieceId, unframed(pieceId, fetched.stored, fetched.storedBytes));
  }

  async read(pieceId: string, start: number, end: number): Promise<Buffer | null> {
    if (!Number.isFinite(end)) return (await this.get(pieceId))?.subarray(start) ?? null;
    const { firstFrame, first, end: last, skip } = framesOf(start, Math.max(end, start + 1));
    const fetched = await this.#fetch(this.#keyOf(pieceId), `bytes=${first}-${last - 1}`);
    if (fetched === null) return null;
    if (fetched.stored.length === 0) return Buffer.alloc(0);
    const bytes = this.#checked(pieceId, unframed(pieceId, fetched.stored, fetched.storedBytes, firstFrame));
    return bytes?.subarray(skip, skip + Math.max(0, end - start)) ?? null;
  }

  async delete(pieceId: string): Promise<void> {
    await this.#ask(this.#s3.send(new DeleteObjectCommand({ Bucket: this.options.address.bucket, Key: this.#keyOf(pieceId) })));
  }

  async list(): Promise<readonly StoredPiece[]> {
    const [{ bucket: Bucket }, Prefix] = [this.options.address, this.#keyOf('')];
    const pieces: StoredPiece[] = [];
    let from: string | undefined;
    do {
      const page = await this.#ask(this.#s3.send(new ListObjectsV2Command({ Bucket, Prefix, ...(from === undefined ? {} : { ContinuationToken: from }) })));
      pieces.push(...(page.Contents ?? []).map(({ Key = '', Size = 0 }) => ({ pieceId: Key.slice(Prefix.length), sizeBytes: sizeInside(Size) })));
      from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (from !== undefined);
    return pieces;
  }

  close(): Promise<void> {
    this.#s3.destroy();
    return Promise.resolve();
  }

  async #put(pieceId: string, bytes: Bytes): Promise<void> {
    const [key, body] = [this.#keyOf(pieceId), framed(pieceId, bytes)];
    if (this.#conditional && await this.#write(key, body, true) === 'written') return;
    const there = await this.#fetch(key);
    const present = there === null ? null : unframed(pieceId, there.stored, there.storedBytes);
    if (present !== null && !isEqual(present, bytes)) throw new PieceConflict(pieceId);
    // What is not there, or not whole, is written anew.
    if (present === null) await this.#write(key, body, false);
  }

  async #write(Key: string, Body: Buffer, isNew: boolean, attempt = 1): Promise<PutResult> {
    const ContentMD5 = createHash('md5').update(Body).digest('base64');
    try {
      await this.#s3.send(new PutObjectCommand({ Bucket: this.options.address.bucket, Key, Body, ContentMD5, ...(isNew ? { IfNoneMatch: '*' } : {}) }));
      return 'written';
    } catch (error) {
      if (!(error instanceof S3ServiceException)) throw this.#unavailable(error);
      const status = error.$metadata.httpStatusCode;
      if (isNew && status === 412) return 'exists';
      if (isNew && (status === 501 || error.name === 'NotImplemented')) return this.#write(Key, Body, false);
      if (error.name === raced && attempt < (this.options.attempts ?? 5)) return this.#write(Key, Body, isNew, attempt + 1);
      if (status === 507 || outOfSpace.has(error.name)) throw new PieceStoreFull(this.#place);
      throw this.#unavailable(error);
    }
  }

  /** Null when there is no such object; no bytes when the range begins behind its end. */
  async #fetch(Key: string, Range?: string): Promise<Fetched | null> {
    try {
      const answer = await this.#s3.send(new GetObjectCommand({ Bucket: this.options.address.bucket, Key, ...(Range === undefined ? {} : { Range }) }));
      const stored = Buffer.from(await answer.Body?.transformToByteArray() ?? []);
      return { stored, storedBytes: storedBytesOf(answer, stored) };
    } catch (error) {
      if (error instanceof S3ServiceException && error.name !== 'NoSuchBucket') {
        if (error.$metadata.httpStatusCode === 404) return null;
        if (error.$metadata.httpStatusCode === 416) return { stored: Buffer.alloc(0), storedBytes: 0 };
      }
      throw this.#unavailable(error);
    }
  }

  #checked(pieceId: string, bytes: Buffer | null): Buffer | null {
    if (bytes === null) this.options.log(`${this.#place}: ${pieceId} is not as it was written; it counts as lost`);
    return bytes;
  }

  #ask<T>(sent: Promise<T>): Promise<T> { return sent.catch((error: unknown) => { throw this.#unavailable(error); }); }

  #unavailable(error: unknown): BucketUnavailable {
    return new BucketUnavailable(this.#place, error instanceof S3ServiceException ? `${error.name}: ${error.message}` : messageOf(error));
  }

  #keyOf(pieceId: string): string { return `${this.options.address.prefix}pieces/${pieceId}`; }
}

/** Of the whole object, whatever part of it this is. */
function storedBytesOf({ ContentRange }: GetObjectCommandOutput, stored: Buffer): number {
  const total = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
  return total === undefined ? stored.length : Number(total);
}
