// Writers and readers that know what was acknowledged: every byte of it must come back for ever.
import { createHash, randomBytes } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, S3ServiceException, type S3Client } from '@aws-sdk/client-s3';
import type { FaultyPlatform } from './platform';

export const bucket = 'faults';

export interface Tally { written: number; refused: number; read: number; unread: number; wrong: string[] }

export class Load {
  readonly acknowledged = new Map<string, { readonly sha256: string; readonly size: number }>();
  readonly tally: Tally = { written: 0, refused: 0, read: 0, unread: 0, wrong: [] };
  #count = 0;

  constructor(private readonly platform: FaultyPlatform, private readonly sizes: readonly number[]) {}

  /** The key, once it is acknowledged, or null with a refusal that a client may see: 503, or no connection while the door is away. */
  async put(size = this.sizes[Math.floor(Math.random() * this.sizes.length)] ?? 1024): Promise<string | null> {
    this.#count += 1;
    const key = `object-${this.#count}`;
    const body = randomBytes(size);
    return this.#with(async (s3) => {
      try {
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode !== undefined && error.$metadata.httpStatusCode < 500) this.tally.wrong.push(`PUT ${key}: ${String(error)}`);
        this.tally.refused += 1;
        return null;
      }
      this.acknowledged.set(key, { sha256: digest(body), size });
      this.tally.written += 1;
      return key;
    });
  }

  /** True when it came back as it was written. Other bytes, or a 404, are noted as wrong; no answer at all is only unread. */
  async read(key: string): Promise<boolean> {
    const expected = this.acknowledged.get(key);
    if (expected === undefined) return false;
    return this.#with(async (s3) => {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const bytes = await Body?.transformToByteArray() ?? new Uint8Array();
        if (digest(bytes) === expected.sha256) {
          this.tally.read += 1;
          return true;
        }
        this.tally.wrong.push(`GET ${key}: other bytes`);
      } catch (error) {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) this.tally.wrong.push(`GET ${key}: 404`);
        this.tally.unread += 1;
      }
      return false;
    });
  }

  /** Keys that did not come back. */
  async readAll(): Promise<readonly string[]> {
    const bad: string[] = [];
    for (const key of this.acknowledged.keys()) if (!(await this.read(key))) bad.push(key);
    return bad;
  }

  /** Writes and reads side by side until `signal` aborts. */
  async run(signal: AbortSignal, writers = 2, readers = 2): Promise<void> {
    const write = async (): Promise<void> => { while (!signal.aborted) await this.put(); };
    const read = async (): Promise<void> => {
      while (!signal.aborted) {
        const keys = [...this.acknowledged.keys()];
        const key = keys[Math.floor(Math.random() * keys.length)];
        if (key === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
        else await this.read(key);
      }
    };
    await Promise.all([...Array.from({ length: writers }, write), ...Array.from({ length: readers }, read)]);
  }

  async #with<T>(work: (s3: S3Client) => Promise<T>): Promise<T> {
    const s3 = this.platform.client();
    try {
      return await work(s3);
    } finally {
      s3.destroy();
    }
  }
}

function digest(bytes: Uint8Array): string { return createHash('sha256').update(bytes).digest('hex'); }
