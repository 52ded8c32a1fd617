// A thin S3 client, so that what is measured is the servers: signed by Signature Version 4 over an unsigned payload, kept connections.
import { createHash, createHmac } from 'node:crypto';
import { Pool } from 'undici';

export const accessKeyId = 'S3RVER';
export const secretAccessKey = 'S3RVER';

export class StorageClient {
  readonly #pool: Pool;

  constructor(readonly url: string) { this.#pool = new Pool(url, { connections: 64, headersTimeout: 120_000, bodyTimeout: 120_000 }); }

  /** Bytes of the answer. Throws RangeError when it is no success. */
  async send(method: 'PUT' | 'GET' | 'DELETE', path: string, body: Buffer | null = null): Promise<number> {
    const { statusCode, body: answer } = await this.#pool.request({ method, path, body, headers: signed(method, path, new URL(this.url).host) });
    let bytes = 0;
    const chunks: Buffer[] = [];
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (statusCode >= 300) chunks.push(chunk);
    }
    if (statusCode >= 300) throw new RangeError(`${method} ${path}: ${statusCode} ${Buffer.concat(chunks).toString('utf8', 0, 300)}`);
    return bytes;
  }

  close(): Promise<void> { return this.#pool.destroy(); }
}

/** `path` has at most one query, whose values are encoded and whose names are in order. */
export function signed(method: string, path: string, host: string): Record<string, string> {
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const date = timestamp.slice(0, 8);
  const [resource = '', query = ''] = path.split('?');
  const payload = 'UNSIGNED-PAYLOAD';
  const canonical = [
    method, resource, query, `host:${host}`, `x-amz-content-sha256:${payload}`, `x-amz-date:${timestamp}`, '', 'host;x-amz-content-sha256;x-amz-date', payload,
  ].join('\n');
  const scope = `${date}/us-east-1/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', timestamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [date, 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  return {
    'x-amz-date': timestamp, 'x-amz-content-sha256': payload, 'content-type': 'application/octet-stream',
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${hmac(key, toSign).toString('hex')}`,
  };
}

function hmac(key: Uint8Array, text: string): Buffer { return createHmac('sha256', key).update(text).digest(); }
