// The examples of "Signing and authenticating REST requests", then the same door for a client that knows nothing newer.
import { createHmac } from 'node:crypto';
import { authenticateVersion2 } from './sigv2';
import { codeOf, openTestDoor, type TestDoor } from './fixture-door';
import { S3Error } from './s3-error';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';

const key = { accountId: 'account_1', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const find = (accessKeyId: string) => (accessKeyId === key.accessKeyId ? key : null);
const signed = (method: string, url: string, date: string, signature: string, more: Readonly<Record<string, string>> = {}) =>
  ({ method, url, headers: { host: 'johnsmith.s3.amazonaws.com', date, authorization: `AWS ${key.accessKeyId}:${signature}`, ...more } });

describe('Signature Version 2', () => {
  it.each([
    ['a read', signed('GET', '/photos/puppy.jpg', 'Tue, 27 Mar 2007 19:36:42 +0000', 'bWq2s1WEIj+Ydj0vQ697zp+IXMU=')],
    ['a write', signed('PUT', '/photos/puppy.jpg', 'Tue, 27 Mar 2007 21:15:45 +0000', 'MyyxeRY7whkBe+bq8fHCL/2kKUg=', { 'content-type': 'image/jpeg', 'content-length': '94328' })],
    ['a listing', signed('GET', '/?prefix=photos&max-keys=50&marker=puppy', 'Tue, 27 Mar 2007 19:42:41 +0000', 'htDYFYduRNen8P9ZfE/s9SuKy0U=')],
    ['a sub-resource', signed('GET', '/?acl', 'Tue, 27 Mar 2007 19:44:46 +0000', 'c2WLPFtWHVgbEmeEG93a4cG37dM=')],
    ['a URL', { method: 'GET', url: '/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620', headers: {} }],
  ])('knows the documented signature of %s', (_, request) => {
    const at = new Date('headers' in request && 'date' in request.headers ? request.headers.date : '2007-03-27T19:00:00Z');
    expect(authenticateVersion2(request, 'johnsmith', find, at).accountId).toBe('account_1');
    const code = (more: Partial<typeof request>, when = at): string => {
      try {
        return authenticateVersion2({ ...request, ...more }, 'johnsmith', find, when).accountId;
      } catch (error) {
        return error instanceof S3Error ? error.s3Code : String(error);
      }
    };
    expect(code({ method: 'DELETE' })).toBe('SignatureDoesNotMatch');
    expect(code({ url: request.url.replace(/^\//, '/x') })).toBe('SignatureDoesNotMatch');
    expect(code({}, new Date(at.getTime() + 366 * 86_400_000))).toBe('date' in request.headers ? 'RequestTimeTooSkewed' : 'AccessDenied');
  });
});

describe('an old client', () => {
  let door: TestDoor;
  beforeAll(async () => { door = await openTestDoor(); });
  afterAll(async () => { await door.close(); });
  const sign = (text: string): string => createHmac('sha1', 'secret one').update(text).digest('base64');

  it('puts with headers and hands out a URL', async () => {
    const Bucket = await door.newBucket();
    const path = `/${Bucket}/caf%C3%A9%20au%20lait`;
    const date = new Date().toUTCString();
    const head = { 'content-type': 'text/plain', 'x-amz-date': date, 'x-amz-meta-b': 'two', 'x-amz-meta-a': 'one' };
    const authorization = `AWS AKIAONE:${sign(`PUT\n\ntext/plain\n\nx-amz-date:${date}\nx-amz-meta-a:one\nx-amz-meta-b:two\n${path}`)}`;
    expect((await fetch(door.url + path, { method: 'PUT', body: 'hot', headers: { ...head, authorization } })).status).toBe(200);
    expect((await fetch(door.url + path, { method: 'PUT', body: 'hot', headers: { ...head, authorization, 'x-amz-meta-a': 'three' } })).status).toBe(403);
    const expires = Math.floor(Date.now() / 1000) + 60;
    const signature = encodeURIComponent(sign(`GET\n\n\n${expires}\n${path}?response-content-type=text/html`));
    const url = `${door.url}${path}?response-content-type=text%2Fhtml&AWSAccessKeyId=AKIAONE&Expires=${expires}&Signature=${signature}`;
    const answer = await fetch(url);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'text/html', 'hot']);
    expect(await (await fetch(url.replace('html', 'css'))).text()).toContain('<Code>SignatureDoesNotMatch</Code>');
    const { Metadata } = await door.s3.send(new GetObjectCommand({ Bucket, Key: 'café au lait' }));
    expect(Metadata).toEqual({ a: 'one', b: 'two' });
  });

  it('hears why its signature is not good, as does a new one', async () => {
    const Bucket = await door.newBucket();
    const said = async (headers: Readonly<Record<string, string>>, query = ''): Promise<string> => (await fetch(`${door.url}/${Bucket}${query}`, { headers })).text();
    const now = new Date();
    const date = now.toUTCString();
    const old = await said({ 'x-amz-date': date, authorization: 'AWS AKIAONE:AAAA' });
    expect(old).toContain(`<AWSAccessKeyId>AKIAONE</AWSAccessKeyId><StringToSign>GET\n\n\n\nx-amz-date:${date}\n/${Bucket}</StringToSign><SignatureProvided>AAAA</SignatureProvided>`);
    expect(old).toContain(`<StringToSignBytes>${Buffer.from('GET').toString('hex').replace(/..(?=.)/g, '$& ')} 0a`);
    const stamp = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
    const scope = (at: string) => `AWS4-HMAC-SHA256 Credential=AKIAONE/${at.slice(0, 8)}/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${'0'.repeat(64)}`;
    const fresh = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-date': stamp, authorization: scope(stamp) };
    const told = await said(fresh);
    expect(told).toContain(`<StringToSign>AWS4-HMAC-SHA256\n${stamp}\n`);
    expect(told).toContain(`<CanonicalRequest>GET\n/${Bucket}\n\nhost:`);
    expect(await said({ ...fresh, 'x-amz-meta-extra': 'x' })).toContain('<HeadersNotSigned>x-amz-meta-extra</HeadersNotSigned>');
    const skewed = await said({ ...fresh, 'x-amz-date': '20200101T000000Z', authorization: scope('20200101T000000Z') });
    expect(skewed).toMatch(/<Code>RequestTimeTooSkewed<.*<RequestTime>20200101T000000Z<.*<ServerTime>.*<MaxAllowedSkewMilliseconds>900000</);
    expect(await said({ ...fresh, authorization: fresh.authorization.replace('AKIAONE', 'AKIANONE') })).toContain('<Code>InvalidAccessKeyId</Code>');
    expect(await said({ 'x-amz-security-token': 'token', ...fresh })).toContain('<Code>InvalidToken</Code>');
    expect(await said({ authorization: '' })).toContain('<Code>AccessDenied</Code>');
    expect(await said({}, '?X-Amz-Security-Token=token')).toContain('<Code>InvalidToken</Code>');
    expect(await said(fresh, '?AWSAccessKeyId=AKIAONE')).toContain('Only one auth mechanism allowed');
    expect(await said({ ...fresh, authorization: 'AWS4-ECDSA-P256-SHA256 Credential=x' })).toContain('<Code>NotImplemented</Code>');
    expect(await said({ 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' })).toContain('<Code>AccessDenied</Code>');
    expect(await codeOf(door.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'still works' })))).toBe('no error');
  });
});
