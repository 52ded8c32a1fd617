import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { openTestDoor, type TestDoor } from './fixture-door';

const doors: TestDoor[] = [];
afterAll(async () => { for (const door of doors) await door.close(); });

async function open(limits: { readonly atOnce: number; readonly waiting: number; readonly waitMs: number }): Promise<TestDoor> {
  const door = await openTestDoor({ limits });
  doors.push(door);
  return door;
}

/** A request that nobody signed: it is a 404 as soon as the door has a place for it. */
function ask(door: TestDoor): { readonly socket: Socket; readonly answer: Promise<string> } {
  const socket = createConnection(Number(new URL(door.url).port), '127.0.0.1');
  const answer = new Promise<string>((resolve) => {
    let got = '';
    socket.on('data', (bytes) => { got += String(bytes); }).on('error', () => { resolve(got); }).on('close', () => { resolve(got); });
  });
  socket.write('GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  return { socket, answer };
}

/** A writer who is in, because the door told it to go on, and does not end. The URL is signed as Signature Version 2 has it. */
async function slowWriter({ url }: TestDoor, Bucket: string): Promise<{ end(): Promise<number | undefined> }> {
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const signature = createHmac('sha1', 'secret one').update(`PUT\n\n\n${expires}\n/${Bucket}/slow`).digest('base64');
  const signed = `${url}/${Bucket}/slow?AWSAccessKeyId=AKIAONE&Expires=${expires}&Signature=${encodeURIComponent(signature)}`;
  const sent = httpRequest(signed, { method: 'PUT', headers: { 'content-length': '4', expect: '100-continue' } });
  sent.flushHeaders();
  await once(sent, 'continue');
  sent.write('ab');
  return {
    end: () => new Promise((resolve, reject) => {
      sent.on('error', reject).on('response', (response) => { response.resume().on('end', () => { resolve(response.statusCode); }); }).end('cd');
    }),
  };
}

it('makes requests wait when all places are taken, tells those beyond to slow down, and serves who waited', async () => {
  const door = await open({ atOnce: 1, waiting: 1, waitMs: 600_000 });
  const Bucket = await door.newBucket();
  const writer = await slowWriter(door, Bucket);
  // Whoever comes while one waits is refused; of these two it is the later one, whichever that is.
  const [one, two] = [ask(door), ask(door)];
  const refused = await Promise.race([one.answer, two.answer]);
  expect(refused).toMatch(/^HTTP\/1\.1 503 /);
  expect(refused.toLowerCase()).toContain('\r\nretry-after: 1\r\n');
  expect(refused).toContain('<Code>SlowDown</Code>');
  expect(await writer.end()).toBe(200);
  expect((await Promise.all([one.answer, two.answer])).map((text) => text.slice(9, 12)).sort()).toEqual(['404', '503']);
  expect(await (await door.s3.send(new GetObjectCommand({ Bucket, Key: 'slow' }))).Body?.transformToString()).toBe('abcd');
});

it('gives up the place of a client that leaves while it waits, and refuses who waited too long', async () => {
  const door = await open({ atOnce: 1, waiting: 1, waitMs: 300 });
  const Bucket = await door.newBucket();
  const writer = await slowWriter(door, Bucket);
  ask(door).socket.destroy();
  expect(await ask(door).answer).toContain('<Code>SlowDown</Code>');
  expect(await writer.end()).toBe(200);
  for (let round = 0; round < 3; round += 1) expect(await ask(door).answer).toMatch(/^HTTP\/1\.1 404 /);
});
