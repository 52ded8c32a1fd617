// The examples of Amazon's own specification, to the letter, and what must be refused.
import { createHash } from 'node:crypto';
import { authenticate, chunkSignature, queryOf, uriEncode, type SignedRequest } from './sigv4';
import { decodeChunked } from './chunked-body';
import { S3Error } from './s3-error';

const credentials = { accountId: 'account_1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const find = (id: string): typeof credentials | null => (id === credentials.accessKeyId ? credentials : null);
const then = new Date('2013-05-24T00:00:00Z');
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function signed(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`;
}

const getObject: SignedRequest = {
  method: 'GET', url: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com', range: 'bytes=0-9', 'x-amz-content-sha256': empty, 'x-amz-date': '20130524T000000Z',
    authorization: signed('host;range;x-amz-content-sha256;x-amz-date', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'),
  },
};

const listObjects: SignedRequest = {
  method: 'GET', url: '/?max-keys=2&prefix=J',
  headers: {
    host: 'examplebucket.s3.amazonaws.com', 'x-amz-content-sha256': empty, 'x-amz-date': '20130524T000000Z',
    authorization: signed('host;x-amz-content-sha256;x-amz-date', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
  },
};

const presigned: SignedRequest = {
  method: 'GET', headers: { host: 'examplebucket.s3.amazonaws.com' },
  url: '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z'
    + '&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
};

const streamed: SignedRequest = {
  method: 'PUT', url: '/examplebucket/chunkObject.txt',
  headers: {
    host: 's3.amazonaws.com', 'x-amz-date': '20130524T000000Z', 'x-amz-storage-class': 'REDUCED_REDUNDANCY', 'content-encoding': 'aws-chunked',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'x-amz-decoded-content-length': '66560', 'content-length': '66824',
    authorization: signed('content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'),
  },
};

const chunks = [
  [65536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'], [1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'],
  [0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
] as const;

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return error instanceof S3Error ? error.s3Code : String(error);
  }
}

describe('Signature Version 4', () => {
  it.each([['GET Object', getObject], ['GET Bucket', listObjects], ['a presigned GET', presigned], ['a streamed PUT', streamed]])('accepts the example: %s', (_, request) => {
    expect(authenticate(request, find, then).accountId).toBe('account_1');
  });

  const changed = (headers: Readonly<Record<string, string>>): SignedRequest => ({ ...getObject, headers: { ...getObject.headers, ...headers } });
  it.each([
    ['another path', { ...getObject, url: '/test.txs' }, then, 'SignatureDoesNotMatch'],
    ['another method', { ...getObject, method: 'PUT' }, then, 'SignatureDoesNotMatch'],
    ['another query', { ...listObjects, url: '/?max-keys=3&prefix=J' }, then, 'SignatureDoesNotMatch'],
    ['another signed header', changed({ range: 'bytes=0-10' }), then, 'SignatureDoesNotMatch'],
    ['an unknown key', changed({ authorization: String(getObject.headers['authorization']).replace('AKIAI', 'AKIAJ') }), then, 'InvalidAccessKeyId'],
    ['no payload hash', changed({ 'x-amz-content-sha256': '' }), then, 'SignatureDoesNotMatch'],
    ['a host that is not signed', changed({ authorization: String(getObject.headers['authorization']).replace('host;', '') }), then, 'AuthorizationHeaderMalformed'],
    ['another scheme', changed({ authorization: 'Bearer x' }), then, 'AuthorizationHeaderMalformed'],
    ['nothing', { method: 'GET', url: '/', headers: {} }, then, 'AuthorizationQueryParametersError'],
    ['a request 16 minutes old', getObject, new Date(then.getTime() + 16 * 60_000), 'RequestTimeTooSkewed'],
    ['a request from the future', getObject, new Date(then.getTime() - 16 * 60_000), 'RequestTimeTooSkewed'],
    ['a presigned URL a day later', presigned, new Date(then.getTime() + 86_401_000), 'AccessDenied'],
    ['a presigned URL for eight days', { ...presigned, url: presigned.url.replace('86400', '691200') }, then, 'AuthorizationQueryParametersError'],
    ['a path that is no UTF-8', { ...getObject, url: '/%ff' }, then, 'InvalidURI'],
  ] as const)('refuses %s', (_, request, now, code) => {
    expect(codeOf(() => authenticate(request, find, now))).toBe(code);
  });

  it('reads a plus in a query as a plus, and encodes by RFC 3986', () => {
    expect(queryOf('/?prefix=a+b%20c&x')).toEqual([['prefix', 'a+b c'], ['x', '']]);
    expect(uriEncode("a/b c'(*)~ü")).toBe('a%2Fb%20c%27%28%2A%29~%C3%BC');
    expect(uriEncode('a/b', '/')).toBe('a/b');
  });
});

describe('aws-chunked', () => {
  const { signing } = authenticate(streamed, find, then);
  const body = Buffer.concat(chunks.map(([length, signature]) => Buffer.concat([
    Buffer.from(`${length.toString(16)};chunk-signature=${signature}\r\n`), Buffer.alloc(length, 'a'), Buffer.from('\r\n')])));

  async function decoded(bytes: Buffer, step: number, signed = true): Promise<{ readonly text: string; readonly trailers: readonly string[] }> {
    async function* source(): AsyncGenerator<Buffer> {
      for (let offset = 0; offset < bytes.length; offset += step) yield bytes.subarray(offset, offset + step);
    }
    const trailers: string[] = [];
    const plain: Buffer[] = [];
    for await (const chunk of decodeChunked(source(), signed ? signing : null, (name, value) => trailers.push(`${name}=${value}`), bytes.includes('x-amz-checksum') && signed)) plain.push(chunk);
    return { text: Buffer.concat(plain).toString(), trailers };
  }
  const fails = (bytes: Buffer, signed = true): Promise<string> => decoded(bytes, 1000, signed).then(() => 'accepted', (error: unknown) => (error instanceof S3Error ? error.s3Code : String(error)));

  it('has the signatures of the example', () => {
    let previous = signing.seed;
    for (const [length, signature] of chunks) {
      expect(chunkSignature(signing, previous, createHash('sha256').update('a'.repeat(length)).digest('hex'))).toBe(signature);
      previous = signature;
    }
  });

  it.each([1, 7, 4096, 1_000_000])('is decoded whole when it comes in pieces of %i bytes', async (step) => {
    expect((await decoded(body, step)).text).toBe('a'.repeat(66_560));
    expect(await decoded(Buffer.from('5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n'), step, false))
      .toEqual({ text: 'hello', trailers: ['x-amz-checksum-crc32=NhCmhg=='] });
  });

  it.each([
    ['a trailer that was to be signed', Buffer.concat([body.subarray(0, body.length - 2), Buffer.from('x-amz-checksum-crc32:AAAAAA==\r\n\r\n')]), true, 'SignatureDoesNotMatch'],
    ['a flipped byte', Buffer.from(body).fill('b', 100, 101), true, 'SignatureDoesNotMatch'],
    ['a body that breaks off', body.subarray(0, 60_000), true, 'IncompleteBody'],
    ['a body without its last chunk', body.subarray(0, body.length - 88), true, 'IncompleteBody'],
    ['a chunk without a signature', Buffer.from('5\r\nhello\r\n0\r\n\r\n'), true, 'InvalidRequest'],
    ['a length that is none', Buffer.from('zz\r\nhello'), false, 'InvalidRequest'],
    ['a chunk longer than it says', Buffer.from('2\r\nhello\r\n0\r\n\r\n'), false, 'IncompleteBody'],
  ])('refuses %s', async (_, bytes, isSigned, code) => {
    expect(await fails(bytes, isSigned)).toBe(code);
  });
});
