// What no careful client sends: the door answers each with an error of its own and goes on.
import { createConnection } from 'node:net';
import {
  CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsCommand, ListObjectsV2Command, ListObjectVersionsCommand, PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { openTestDoor, type TestDoor } from './fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

/** Those of one byte in UTF-8, but U+0000, which no URL carries; both ends of those of two, three and four, and of what is between. */
const characters = [
  ...Array.from({ length: 127 }, (_, code) => String.fromCharCode(code + 1)), '\u0080', '\u009F', '\u00A0', '\u00E9', 'e\u0301', '\u07FF', '\u0800', '\u2028', '\u200B', '\uD7FF', '\uE000', '\uFDD0', '\uFEFF', '\uFFFD', '\uFFFE', '\uFFFF',
  '\u{10000}', '\u{1F600}', '\u{10FFFF}',
];
const plain = (text = ''): string => decodeURIComponent(text.replaceAll('+', ' '));

it('keys of every character that S3 allows make the round trip', async () => {
  const { s3 } = door;
  const Bucket = await door.newBucket();
  const groups = Array.from({ length: Math.ceil(characters.length / 8) }, (_, index) => characters.slice(index * 8, index * 8 + 8).join(''));
  const keys = [...groups, '//', '/a', 'a/', 'a//b', 'a/../b', '..', '../..', './a', '.', 'a+b c%20d', '%2F', '%', '%%', '%zz', '?a=b#c', ' ', '  a  ', 'x'.repeat(1024), '\u{1F600}'.repeat(256)];
  for (let start = 0; start < keys.length; start += 16) {
    await Promise.all(keys.slice(start, start + 16).map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))));
  }
  // XML 1.0 cannot carry most control characters, so listings are asked for URL-encoded, as S3 advises.
  const inOrder = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect((await s3.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }))).Contents?.map(({ Key }) => plain(Key))).toEqual(inOrder);
  expect((await s3.send(new ListObjectsCommand({ Bucket, EncodingType: 'url' }))).Contents?.map(({ Key }) => plain(Key))).toEqual(inOrder);
  expect((await s3.send(new ListObjectVersionsCommand({ Bucket, EncodingType: 'url' }))).Versions?.map(({ Key }) => plain(Key))).toEqual(inOrder);
  for (const Key of keys) {
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBe(Buffer.byteLength(Key));
    await s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${encodeURIComponent(Key)}`, MetadataDirective: 'REPLACE', Metadata: { copied: 'yes' } }));
    const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect([await got.Body?.transformToString(), got.Metadata]).toEqual([Key, { copied: 'yes' }]);
  }
  for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
});

const name = fc.oneof(fc.constantFrom('authorization', 'x-amz-date', 'x-amz-content-sha256', 'host', 'content-length', 'transfer-encoding', 'origin', 'range', 'expect'), fc.string());
const line = fc.tuple(name, fc.oneof(fc.string(), fc.constantFrom('chunked', '-1', '100-continue', 'AWS4-HMAC-SHA256 Credential=a/20260101/b/s3/aws4_request, SignedHeaders=host, Signature=00')));
const target = fc.oneof(fc.string(), fc.string().map((text) => `/${encodeURIComponent(text)}`), fc.constantFrom('/%', '/%00', '/a?%', '/b/%ff', '/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=/////', '//', '*', '/a?cors'));

it('whatever comes over the wire, the door answers and stays', async () => {
  const port = Number(new URL(door.url).port);
  await fc.assert(fc.asyncProperty(
    fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'), target, fc.array(line, { maxLength: 6 }), fc.string(),
    async (method, url, lines, body) => {
      const text = `${method} ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines.map(([field, value]) => `${field}: ${value}\r\n`).join('')}\r\n${body}`;
      const answer = await new Promise<string>((resolve) => {
        let got = '';
        const socket = createConnection(port, '127.0.0.1', () => socket.end(text));
        socket.on('data', (bytes) => { got += String(bytes); }).on('error', () => resolve(got)).on('close', () => resolve(got));
      });
      expect(answer).not.toMatch(/^HTTP\/1\.1 500/);
    }), { numRuns: 300 });
  expect((await fetch(door.url)).status).toBe(403);
});
