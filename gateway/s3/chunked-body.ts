// Content-Encoding: aws-chunked.
//   body    = *chunk last-chunk *( trailer CRLF ) [ CRLF ]
//   chunk   = hex-length [ ";chunk-signature=" 64hex ] CRLF bytes CRLF
//   last    = "0" [ ";chunk-signature=" 64hex ] CRLF
//   trailer = name ":" value        (the last one may be x-amz-trailer-signature)
// Source: Amazon S3, "Signature calculations: transferring payload in multiple chunks", also with trailing headers.
import { createHash } from 'node:crypto';
import { S3Error } from './s3-error';
import { chunkSignature, equal, trailerSignature, type SigningContext } from './sigv4';

const longestLine = 16 * 1024;

/** The plain bytes; trailers are noted as they come. What a chunk holds is passed on before its signature can be checked, so nothing counts
 *  until the body has ended: a chunk held back would cost a client nothing and the door all of it. Throws S3Error IncompleteBody, SignatureDoesNotMatch, InvalidRequest. */
export async function* decodeChunked(
  body: AsyncIterable<Buffer>, signing: SigningContext | null, onTrailer: (name: string, value: string) => void, signedTrailer = false,
): AsyncGenerator<Buffer> {
  const reader = new Reader(body);
  let previous = signing?.seed ?? '';
  for (;;) {
    const { length, signature } = chunkHead(await reader.line(), signing !== null);
    const digest = signing === null ? null : createHash('sha256');
    for (let left = length; left > 0;) {
      const part = await reader.upTo(left);
      left -= part.length;
      digest?.update(part);
      yield part;
    }
    if (signing !== null && digest !== null) {
      if (!equal(chunkSignature(signing, previous, digest.digest('hex')), signature)) throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk does not match.');
      previous = signature;
    }
    if (length === 0) break;
    if ((await reader.exactly(2)).toString('latin1') !== '\r\n') throw new S3Error('IncompleteBody', 'A chunk does not end where it says.');
  }
  const closed = await readTrailers(reader, signing, previous, onTrailer);
  // What carries the chunks may still end early, and then nothing of it counts.
  await reader.drain();
  if (signedTrailer && !closed) throw new S3Error('SignatureDoesNotMatch', 'The trailer is not signed.');
}

/** Whether they ended with their signature. */
async function readTrailers(reader: Reader, signing: SigningContext | null, previous: string, onTrailer: (name: string, value: string) => void): Promise<boolean> {
  let [signed, closed] = ['', false];
  for (let line = await reader.lineOrEnd(); line !== null && line !== ''; line = await reader.lineOrEnd()) {
    const at = line.indexOf(':');
    if (at <= 0) throw new S3Error('InvalidRequest', 'A trailer is a name and a value.');
    const name = line.slice(0, at).trim().toLowerCase();
    const value = line.slice(at + 1).trim();
    if (closed) throw new S3Error('InvalidRequest', 'Nothing follows the signature of the trailer.');
    if (name !== 'x-amz-trailer-signature') {
      signed += `${name}:${value}\n`;
      onTrailer(name, value);
    } else {
      closed = true;
      if (signing !== null && !equal(trailerSignature(signing, previous, signed), value)) throw new S3Error('SignatureDoesNotMatch', 'The signature of the trailer does not match.');
    }
  }
  return closed;
}

function chunkHead(line: string, signed: boolean): { readonly length: number; readonly signature: string } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (match === null || (signed && match[2] === undefined)) throw new S3Error('InvalidRequest', 'A chunk starts with its length and signature.');
  return { length: Number.parseInt(match[1] ?? '0', 16), signature: match[2] ?? '' };
}

/** Lines and byte runs from a stream of buffers of any size. */
class Reader {
  readonly #source: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Buffer>) { this.#source = body[Symbol.asyncIterator](); }

  async line(): Promise<string> {
    const line = await this.lineOrEnd();
    if (line === null) throw incomplete();
    return line;
  }

  async lineOrEnd(): Promise<string | null> {
    for (;;) {
      const at = this.#buffer.indexOf('\r\n');
      if (at !== -1) {
        const line = this.#buffer.toString('latin1', 0, at);
        this.#buffer = this.#buffer.subarray(at + 2);
        return line;
      }
      if (this.#buffer.length > longestLine) throw new S3Error('InvalidRequest', 'A line of the chunked body is too long.');
      if (!(await this.#more())) return this.#buffer.length === 0 ? null : this.#rest();
    }
  }

  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0;) {
      const part = await this.upTo(left);
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts, length);
  }

  async upTo(length: number): Promise<Buffer> {
    while (this.#buffer.length === 0) if (!(await this.#more())) throw incomplete();
    const part = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(part.length);
    return part;
  }

  async drain(): Promise<void> {
    do this.#buffer = Buffer.alloc(0); while (await this.#more());
  }

  #rest(): string {
    const rest = this.#buffer.toString('latin1');
    this.#buffer = Buffer.alloc(0);
    return rest;
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#buffer = this.#buffer.length === 0 ? next.value : Buffer.concat([this.#buffer, next.value]);
    return true;
  }
}

function incomplete(): S3Error { return new S3Error('IncompleteBody', 'The body ended before it was complete.'); }
