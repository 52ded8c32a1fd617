// Requests that no careful client sends, made from a seed, so that a finding can be had again.
import { createHash, createHmac } from 'node:crypto';

/** Numbers that follow from a seed: SHA-256 in counter mode. */
export class Dice {
  #count = 0;

  constructor(private readonly seed: string) {}

  /** From 0 up to `below` (exclusive). */
  roll(below: number): number {
    this.#count += 1;
    return createHash('sha256').update(`${this.seed}/${this.#count}`).digest().readUInt32BE(0) % below;
  }

  of<T>(first: T, ...more: readonly T[]): T {
    return [first, ...more][this.roll(more.length + 1)] ?? first;
  }

  bytes(length: number): Buffer {
    this.#count += 1;
    const block = createHash('sha256').update(`${this.seed}/bytes/${this.#count}`).digest();
    return Buffer.alloc(length, block);
  }
}

export interface Signer { readonly host: string; readonly accessKeyId: string; readonly secretAccessKey: string; now(): Date }

export interface RawRequest {
  readonly method: string;
  readonly bytes: Buffer;
  /** Of a plain put: its key, and what must lie there if the answer is 200. */
  readonly put?: { readonly key: string; readonly body: Buffer };
  /** It may end before it is whole, so that nobody need answer it. */
  readonly cut: boolean;
}

const day = (now: Date): string => now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The header lines that make a request the account's (Signature Version 4; all headers but the body are signed). */
function signed({ host, accessKeyId, secretAccessKey, now }: Signer, method: string, path: string, query: readonly (readonly [string, string])[], headers: readonly (readonly [string, string])[], payload: string): string {
  const time = day(now());
  const all = new Map([...headers, ['host', host] as const, ['x-amz-content-sha256', payload] as const, ['x-amz-date', time] as const]);
  const names = [...all.keys()].sort();
  const canonicalQuery = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort().join('&');
  const canonical = [method, path, canonicalQuery, ...names.map((name) => `${name}:${(all.get(name) ?? '').trim().replaceAll(/ +/g, ' ')}`), '', names.join(';'), payload].join('\n');
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const key = ['us-east-1', 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${secretAccessKey}`, time.slice(0, 8)));
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`).toString('hex');
  const lines = [...all].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${lines}authorization: AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}\r\n`;
}

const subResources = [
  'acl', 'attributes', 'cors', 'delete', 'encryption', 'legal-hold', 'lifecycle', 'list-type', 'location', 'notification', 'object-lock', 'ownershipControls', 'partNumber', 'policy', 'policyStatus',
  'publicAccessBlock', 'restore', 'retention', 'tagging', 'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'marker', 'max-keys', 'prefix', 'delimiter', 'encoding-type', 'continuation-token',
  'key-marker', 'version-id-marker', 'response-content-type', 'torrent', 'website',
] as const;
const headerNames = [
  'range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'content-type', 'content-md5', 'content-encoding', 'x-amz-acl', 'x-amz-copy-source', 'x-amz-copy-source-range',
  'x-amz-tagging', 'x-amz-storage-class', 'x-amz-object-attributes', 'x-amz-max-parts', 'x-amz-checksum-crc32', 'x-amz-checksum-sha256', 'x-amz-checksum-algorithm', 'x-amz-sdk-checksum-algorithm',
  'x-amz-meta-a', 'x-amz-metadata-directive', 'x-amz-grant-read', 'x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date', 'x-amz-expected-bucket-owner', 'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-customer-algorithm', 'x-amz-server-side-encryption-customer-key', 'x-amz-server-side-encryption-customer-key-md5', 'x-amz-bypass-governance-retention', 'origin', 'expires',
] as const;

function value(dice: Dice): string {
  return dice.of<() => string>(
    () => '', () => '0', () => '-1', () => '99999999999999999999', () => 'bytes=0-', () => 'bytes=5-2', () => 'bytes=-0', () => 'bytes=0-0,2-3', () => '*', () => '"', () => '%', () => 'null', () => 'url',
    () => '2', () => 'true', () => 'AES256', () => 'GLACIER', () => 'Thu, 32 Foo 2026 25:61:61 GMT', () => '2026-13-45T00:00:00Z', () => 'a=b&a=b', () => '=&%zz', () => '/fuzz/plain', () => 'fuzz', () => '../..',
    () => 'id="",uri=', () => 'ETag', () => 'CRC32', () => 'x'.repeat(dice.roll(3000)), () => dice.bytes(8).toString('base64'), () => dice.bytes(16).toString('latin1').replaceAll(/[^\x20-\x7e]/g, '~'),
    () => JSON.stringify({ k: dice.roll(10) }), () => '\u00e9\u00ff', () => '__proto__', () => 'constructor',
  )();
}

const documents = [
  '<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet></Delete>', '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>', '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"a"</ETag></Part></CompleteMultipartUpload>', '<AccessControlPolicy><Owner><ID>a</ID></Owner><AccessControlList></AccessControlList></AccessControlPolicy>',
  '<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>x</Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  '<RestoreRequest><Days>1</Days></RestoreRequest>', '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>', '<LegalHold><Status>ON</Status></LegalHold>',
  '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
  '<NotificationConfiguration><QueueConfiguration><Queue>q</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>',
  '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule></OwnershipControls>', '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>',
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>', '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObjectAcl","Resource":"arn:aws:s3:::fuzz/*"}]}',
] as const;

/** A document with something changed, doubled, cut out or put in. */
function broken(dice: Dice): Buffer {
  let text: string = dice.of(documents[0], ...documents.slice(1));
  for (let changes = dice.roll(4); changes > 0; changes -= 1) {
    const at = dice.roll(text.length + 1);
    const to = at + dice.roll(20);
    const put = dice.of('', text.slice(at, to).repeat(3), '<', '>', '&', '&#0;', '&a;', ']]>', '<!DOCTYPE a [<!ENTITY a "b">]>', '<?xml version="9"?>', '\u0000', '<__proto__>1</__proto__>', '-1', '1e999', '<a>'.repeat(200), '\ud800');
    text = text.slice(0, at) + put + text.slice(dice.of(at, to));
  }
  return Buffer.from(text);
}

/** Whatever operation, with whatever parameters, headers and document. */
export function anyRequest(dice: Dice, signer: Signer): RawRequest {
  const method = dice.of('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PUT', 'POST', 'PATCH');
  const path = dice.of('/fuzz', '/fuzz/', '/fuzz/plain', '/fuzz/plain', '/fuzz/none', '/fuzz/a%2Fb', '/fuzz//..', '/', '/none', '/UPPER', '/fuzz/%2e%2e');
  const query = new Map(Array.from({ length: dice.roll(4) }, () => [dice.of(...subResources), dice.of('', value(dice))] as const));
  // Emptying or removing the bucket would end the run's own evidence.
  const keeps = method !== 'DELETE' || path.length > '/fuzz/'.length || query.size > 0;
  const headers = new Map(Array.from({ length: dice.roll(4) }, () => [dice.of(...headerNames), value(dice)] as const));
  const body = method === 'GET' || method === 'HEAD' ? Buffer.alloc(0) : dice.of(broken, broken, (from: Dice) => from.bytes(from.roll(300)))(dice);
  const [real, search] = [keeps ? method : 'HEAD', [...query]];
  const payload = dice.roll(4) === 0 ? createHash('sha256').update(body).digest('hex') : 'UNSIGNED-PAYLOAD';
  const said = dice.of(body.length, body.length, body.length, body.length + 1 + dice.roll(9));
  const target = `${path}${search.length === 0 ? '' : '?'}${search.map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`).join('&')}`;
  const head = `${real} ${target} HTTP/1.1\r\n${signed(signer, real, path, search, [...headers], payload)}connection: close\r\ncontent-length: ${keeps ? said : 0}\r\n\r\n`;
  return { method: real, bytes: Buffer.concat([Buffer.from(head, 'latin1'), keeps ? body : Buffer.alloc(0)]), cut: said !== body.length };
}

/** A put in chunks of aws-chunked, of HTTP, or of both, whose framing is right or nearly. */
export function chunkedPut(dice: Dice, signer: Signer, key: string): RawRequest {
  const body = dice.bytes(dice.roll(4) === 0 ? 70_000 : dice.roll(200));
  let framed = Buffer.alloc(0);
  for (let at = 0; at < body.length;) {
    const part = body.subarray(at, at + 1 + dice.roll(body.length));
    framed = Buffer.concat([framed, Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    at += part.length;
  }
  const sha = createHash('sha256').update(body).digest('base64');
  framed = Buffer.concat([framed, Buffer.from(`0\r\nx-amz-checksum-sha256:${sha}\r\n\r\n`)]);
  framed = bent(dice, framed);
  const overHttp = dice.roll(2) === 0;
  const lengths: readonly (readonly [string, string])[] = [['content-encoding', 'aws-chunked'], ['x-amz-trailer', 'x-amz-checksum-sha256'], ['x-amz-decoded-content-length', String(dice.roll(5) === 0 ? body.length + 1 : body.length)]];
  const whole = overHttp ? Buffer.concat([Buffer.from(`${framed.length.toString(16)}\r\n`), framed, Buffer.from('\r\n0\r\n\r\n')]) : framed;
  const wire = overHttp ? bent(dice, whole) : whole;
  const short = overHttp ? 0 : dice.of(0, 0, 0, 3);
  const carried = overHttp ? 'transfer-encoding: chunked\r\n' : `content-length: ${framed.length + short}\r\n`;
  const head = `PUT /fuzz/${key} HTTP/1.1\r\n${signed(signer, 'PUT', `/fuzz/${key}`, [], lengths, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')}connection: close\r\n${carried}\r\n`;
  return { method: 'PUT', bytes: Buffer.concat([Buffer.from(head, 'latin1'), wire]), put: { key, body }, cut: short > 0 || !wire.equals(whole) };
}

/** The same, or with some bytes lost, doubled, changed or cut off. */
function bent(dice: Dice, bytes: Buffer): Buffer<ArrayBuffer> {
  const at = dice.roll(bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (dice.roll(8)) {
    case 0: return Buffer.concat([before, after.subarray(1 + dice.roll(4))]);
    case 1: return Buffer.concat([before, dice.of(Buffer.from('\r\n'), Buffer.from('-1\r\n'), Buffer.from('ffffffffffff\r\n'), Buffer.from([0]), dice.bytes(5)), after]);
    case 2: return Buffer.from(before);
    default: return Buffer.from(bytes);
  }
}

/** Not even HTTP, or hardly. */
export function noise(dice: Dice): RawRequest {
  const text = dice.of(
    'GET / HTTP/9.9\r\n\r\n', 'PUT /fuzz/a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde', 'PUT /fuzz/a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(9000)}\r\n`, 'GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 'GET / HTTP/1.1\r\n bad: fold\r\n\r\n', '\r\n\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET http://other/fuzz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', 'GET / HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade\r\nhost: a\r\n\r\n', 'PUT /fuzz/a HTTP/1.1\r\nhost: a\r\nexpect: 200-maybe\r\nconnection: close\r\n\r\n',
  );
  const bytes = Buffer.from(text, 'latin1');
  return { method: text.slice(0, text.indexOf(' ')), bytes: dice.roll(3) === 0 ? bent(dice, bytes) : bytes, cut: true };
}
