import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { openTestDoor, type TestDoor } from '../fixture-door';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

type Conditions = readonly (Readonly<Record<string, string>> | readonly [string, string | number, string | number])[];

/** Signed by the letter of the documentation, apart from the door's own code. */
function signed(conditions: Conditions, { version = 4, expiresInS = 60 } = {}): Record<string, string> {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = stamp.slice(0, 8);
  const own = { 'x-amz-algorithm': 'AWS4-HMAC-SHA256', 'x-amz-credential': `AKIAONE/${day}/us-east-1/s3/aws4_request`, 'x-amz-date': stamp };
  const all = version === 4 ? [...conditions, ...Object.entries(own).map(([name, value]) => ({ [name]: value }))] : conditions;
  const policy = Buffer.from(JSON.stringify({ expiration: new Date(Date.now() + expiresInS * 1000).toISOString(), conditions: all })).toString('base64');
  if (version === 2) return { AWSAccessKeyId: 'AKIAONE', policy, signature: createHmac('sha1', 'secret one').update(policy).digest('base64') };
  const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = ['us-east-1', 's3', 'aws4_request'].reduce((above, part) => hmac(above, part), hmac('AWS4secret one', day));
  return { ...own, policy, 'x-amz-signature': hmac(key, policy).toString('hex') };
}

function formOf(fields: Readonly<Record<string, string>>, body = 'the file', name = 'C:\\photos\\cat "1".png'): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('file', new Blob([body]), name);
  return form;
}

const post = (bucket: string, body: FormData | string): Promise<Response> => fetch(`${door.url}/${bucket}`, { method: 'POST', body, redirect: 'manual' });
const codeIn = async (response: Response): Promise<string> => `${response.status} ${/<Code>(.*)<\/Code>/.exec(await response.text())?.[1] ?? ''}`;

describe('forms', () => {
  it.each([2, 4])('of Signature Version %d put what they hold', async (version) => {
    const bucket = await door.newBucket();
    const fields = { key: 'up/${filename}', 'Content-Type': 'image/png', 'x-amz-meta-note': 'kept', success_action_status: '201' };
    const conditions: Conditions = [{ bucket }, ['starts-with', '$key', 'up/'], ['starts-with', '$Content-Type', 'image/'], ['eq', '$x-amz-meta-note', 'kept'], { success_action_status: '201' }, ['content-length-range', 1, 100]];
    const response = await post(bucket, formOf({ ...fields, ...signed(conditions, { version }) }));
    expect(response.status).toBe(201);
    expect(await response.text()).toContain('<Key>up/cat &quot;1&quot;.png</Key>');
    const found = await door.s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'up/cat "1".png' }));
    expect([await found.Body?.transformToString(), found.ContentType, found.Metadata]).toEqual(['the file', 'image/png', { note: 'kept' }]);
  });

  it('send the browser on', async () => {
    const bucket = await door.newBucket();
    const to = 'http://localhost:1/done?a=b';
    const response = await post(bucket, formOf({ key: 'a', success_action_redirect: to, ...signed([{ bucket }, { key: 'a' }, { success_action_redirect: to }]) }));
    expect([response.status, response.headers.get('location')]).toEqual([303, expect.stringMatching(/^http:\/\/localhost:1\/done\?a=b&bucket=.*&key=a&etag=%22[0-9a-f]{32}%22$/)]);
  });

  it('that are not what was signed leave nothing', async () => {
    const bucket = await door.newBucket();
    const good = (): Record<string, string> => ({ key: 'a', ...signed([{ bucket }, { key: 'a' }, ['content-length-range', 3, 10]]) });
    expect(await codeIn(await post(bucket, formOf({ ...good(), key: 'b' })))).toBe('403 AccessDenied');
    expect(await codeIn(await post(bucket, formOf({ ...good(), 'x-amz-meta-more': '1' })))).toBe('403 AccessDenied');
    expect(await codeIn(await post(bucket, formOf({ ...good(), 'x-amz-signature': '0'.repeat(64) })))).toBe('403 SignatureDoesNotMatch');
    expect(await codeIn(await post(bucket, formOf({ key: 'a', ...signed([{ bucket }, { key: 'a' }], { expiresInS: -1 }) })))).toBe('403 AccessDenied');
    expect(await codeIn(await post(bucket, formOf(good(), 'x'.repeat(11))))).toBe('400 EntityTooLarge');
    expect(await codeIn(await post(bucket, formOf(good(), 'x')))).toBe('400 EntityTooSmall');
    expect(await codeIn(await post(bucket, formOf({ key: 'a' })))).toBe('403 AccessDenied');
    expect(await codeIn(await post(bucket, formOf({ ...good(), policy: '' })))).toBe('400 InvalidArgument');
    expect(await codeIn(await post(bucket, formOf({ ...good(), more: 'x'.repeat(30_000) })))).toBe('400 MaxPostPreDataLengthExceeded');
    expect(await codeIn(await post(bucket, 'no form'))).toBe('400 RequestIsNotMultiPartContent');
    const broken = await fetch(`${door.url}/${bucket}`, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\nnothing' });
    expect(await codeIn(broken)).toBe('400 MalformedPOSTRequest');
    expect((await door.s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(0);
  });

  it('whose sender leaves behind the file leave nothing', async () => {
    const bucket = await door.newBucket();
    const fields = { key: 'a', ...signed([{ bucket }, { key: 'a' }]) };
    const body = [...Object.entries(fields).map(([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
      '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nthe file\r\n--x'].join('');
    const { port, host } = new URL(door.url);
    const sent = async (end: string, more: number): Promise<string> => new Promise((resolve) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1' }, () => {
        socket.write(`POST /${bucket} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${body.length + end.length + more}\r\nConnection: close\r\n\r\n${body}${end}`);
        if (more > 0) socket.end();
      });
      let text = '';
      socket.on('data', (chunk) => { text += String(chunk); }).on('close', () => { resolve(text.slice(0, 12)); }).on('error', () => undefined);
    });
    expect(await sent('--\r\n', 100)).not.toContain('204');
    expect((await door.s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(0);
    expect(await sent('--\r\n', 0)).toBe('HTTP/1.1 204');
    expect((await door.s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(1);
  });
});
