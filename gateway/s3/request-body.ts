// The body of a request as plain bytes, checked on the way against everything that the client said about it. The checks are made at
// its end, by rejecting there, so whoever consumes it has stored nothing yet that counts.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { checksumNamed, checksumOfHeader, newDigest, type ChecksumName, type Digest } from './checksums';
import { decodeChunked } from './chunked-body';
import { S3Error } from './s3-error';
import { header, type S3Request } from './s3-request';

export interface RequestBody {
  readonly bytes: AsyncIterable<Buffer>;
  /** Checked; known once the bytes have ended. */
  checksums(): Readonly<Record<string, string>>;
  /** As its sender says; absent where he does not. */
  readonly sizeBytes?: number;
}

/** `ofObject`: checksum headers speak of the object that the request makes and not of its body. */
export function requestBody(request: S3Request, ofObject = false): RequestBody {
  const { payloadHash, signing } = request.auth;
  const expected = new Map<ChecksumName | 'MD5', string>();
  const digests = new Map<ChecksumName | 'MD5', Digest>();
  const expect = (name: ChecksumName | 'MD5', value: string | null): void => {
    if (value !== null) expected.set(name, value);
    if (!digests.has(name)) digests.set(name, newDigest(name));
  };
  const md5 = header(request, 'content-md5');
  if (md5 !== null && Buffer.from(md5, 'base64').length !== 16) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  if (md5 !== null) expect('MD5', md5);
  for (const [name, value] of ofObject ? [] : Object.entries(request.incoming.headers)) {
    const checksum = checksumOfHeader(name);
    if (checksum !== null && typeof value === 'string') expect(checksum, value);
  }
  const algorithm = header(request, 'x-amz-sdk-checksum-algorithm') ?? header(request, 'x-amz-checksum-algorithm');
  const named = algorithm === null ? null : checksumNamed(algorithm);
  if (algorithm !== null && named === null) throw new S3Error('NotImplemented', `The checksum ${algorithm} is not implemented.`);
  for (const trailer of (header(request, 'x-amz-trailer') ?? '').split(',')) {
    const checksum = checksumOfHeader(trailer.trim().toLowerCase());
    if (checksum !== null) expect(checksum, null);
  }
  const sha256 = /^[0-9a-f]{64}$/.test(payloadHash) ? createHash('sha256') : null;
  if (sha256 === null && !knownPayloads.includes(payloadHash)) throw new S3Error('InvalidArgument', 'x-amz-content-sha256 is not valid.');

  async function* bytes(): AsyncGenerator<Buffer> {
    let size = 0;
    const plain = payloadHash.startsWith('STREAMING-')
      ? decodeChunked(received(request), payloadHash.startsWith('STREAMING-AWS4') ? signing : null, (name, value) => {
        const checksum = checksumOfHeader(name);
        if (checksum !== null) expected.set(checksum, value);
      }, payloadHash === 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER')
      : received(request);
    for await (const chunk of plain) {
      size += chunk.length;
      sha256?.update(chunk);
      for (const digest of digests.values()) digest.update(chunk);
      yield chunk;
    }
    const announced = header(request, 'x-amz-decoded-content-length');
    if (announced !== null && Number(announced) !== size) throw new S3Error('IncompleteBody', 'The body is not as long as x-amz-decoded-content-length says.');
    if (sha256 !== null && sha256.digest('hex') !== payloadHash) {
      throw new S3Error('XAmzContentSHA256Mismatch', "The provided 'x-amz-content-sha256' header does not match what was computed.");
    }
    checkDigests();
  }

  function checkDigests(): void {
    for (const [name, digest] of digests) {
      const computed = digest.base64();
      const claimed = expected.get(name);
      if (claimed !== undefined && claimed !== computed) {
        throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`);
      }
      if (name !== 'MD5') checked[name] = computed;
    }
  }

  const checked: Record<string, string> = {};
  const said = Number(header(request, 'x-amz-decoded-content-length') ?? (payloadHash.startsWith('STREAMING-') ? null : header(request, 'content-length')) ?? Number.NaN);
  return { bytes: bytes(), checksums: () => checked, ...(Number.isSafeInteger(said) && said >= 0 ? { sizeBytes: said } : {}) };
}

const knownPayloads = [
  'UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
];

const largestBody = 5 * 2 ** 30;

/** What is stored says how long it is. Without a length the body is empty (RFC 9112, section 6.3), and whoever means none says so. Throws
 *  S3Error MissingContentLength, and EntityTooLarge beyond 5 GiB, before a byte is read. */
export function requireLength(request: S3Request): void {
  const length = header(request, 'content-length');
  if (length === null && header(request, 'transfer-encoding') === null) throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  if (Number(header(request, 'x-amz-decoded-content-length') ?? length) > largestBody) throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
}

/** The bytes on the wire. A client that waits for `100 Continue` gets it when the body is wanted, so after it was authenticated. */
export async function* received({ incoming, response }: S3Request): AsyncGenerator<Buffer> {
  if (incoming.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    // A form's file ends with what its policy says of it.
    if (error instanceof S3Error) throw error;
    throw new S3Error('IncompleteBody', 'The connection ended before the body was complete.');
  }
  if (!incoming.complete) throw new S3Error('IncompleteBody', 'The connection ended before the body was complete.');
}

const largestDocument = 2 * 1024 * 1024;

/** Whoever decides on a request may have to read what it says before its operation does. */
const documents = new WeakMap<S3Request['incoming'], Promise<Buffer>>();

/** A body that is a document. Throws S3Error EntityTooLarge beyond 2 MiB. */
export function readDocument(request: S3Request, ofObject = false): Promise<Buffer> {
  const known = documents.get(request.incoming);
  if (known !== undefined) return known;
  const read = wholeDocument(request, ofObject);
  documents.set(request.incoming, read);
  return read;
}

async function wholeDocument(request: S3Request, ofObject: boolean): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of requestBody(request, ofObject).bytes) {
    size += chunk.length;
    if (size > largestDocument) throw new S3Error('EntityTooLarge', 'A request document has at most 2 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
