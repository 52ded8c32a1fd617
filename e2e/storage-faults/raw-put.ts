// A PUT as no client library would send it: signed rightly (Signature Version 4 over an unsigned payload), and then not what it says.
import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { credentials } from './door-process';

export interface RawPut {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The connection is cut after so many bytes of the body. */
  readonly cutAfter?: number;
}

/** The status of the answer, or null when there was none. */
export function rawPut(url: string, { path, headers, body, cutAfter }: RawPut): Promise<number | null> {
  const { host, hostname, port } = new URL(url);
  const payload = headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  return new Promise((resolve) => {
    const sent = request({ hostname, port, path, method: 'PUT', headers: { ...headers, ...signed(path, host, payload) } }, (response) => {
      response.resume();
      response.once('end', () => { resolve(response.statusCode ?? null); });
    });
    sent.once('error', () => { resolve(null); });
    if (cutAfter === undefined) return void sent.end(body);
    sent.write(body.subarray(0, cutAfter), () => { setTimeout(() => sent.destroy(), 100); });
  });
}

function signed(path: string, host: string, payload: string): Record<string, string> {
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const date = timestamp.slice(0, 8);
  const names = 'host;x-amz-content-sha256;x-amz-date';
  const canonical = ['PUT', path, '', `host:${host}`, `x-amz-content-sha256:${payload}`, `x-amz-date:${timestamp}`, '', names, payload].join('\n');
  const scope = `${date}/us-east-1/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', timestamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [date, 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`));
  return {
    'x-amz-date': timestamp, 'x-amz-content-sha256': payload,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${hmac(key, toSign).toString('hex')}`,
  };
}

function hmac(key: Uint8Array, text: string): Buffer { return createHmac('sha256', key).update(text).digest(); }

/** One chunk, and a trailer that says this CRC-32. */
export function chunkedBody(bytes: Buffer, crc32: string): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from(`\r\n0\r\nx-amz-checksum-crc32:${crc32}\r\n\r\n`)]);
}
