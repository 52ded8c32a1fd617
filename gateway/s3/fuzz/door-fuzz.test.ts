// `npm run door-fuzz -- --seed N --runs N` is this with other numbers.
import { HeadBucketCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { openTestDoor, type TestDoor } from '../fixture-door';
import { fuzzDoor } from './door-fuzz';

let door: TestDoor;
beforeAll(async () => { door = await openTestDoor(); });
afterAll(() => door.close());

const numberOf = (text: string | undefined, otherwise: number): number => (text === undefined ? otherwise : Number(text));
const seed = numberOf(process.env['DOOR_FUZZ_SEED'], 1);
const runs = numberOf(process.env['DOOR_FUZZ_RUNS'], 250);

it('answers whatever comes with XML or not at all, goes on, and keeps what it said it keeps and nothing else', async () => {
  const { objects, s3, url } = door;
  await objects.createBucket('account_1', 'fuzz');
  const signer = { host: new URL(url).host, accessKeyId: 'AKIAONE', secretAccessKey: 'secret one', now: () => new Date() };
  const { findings, kept, unheard, answers, byStatus } = await fuzzDoor({ port: Number(new URL(url).port), seed, runs, signer });
  if (process.env['DOOR_FUZZ_SEED'] !== undefined) process.stdout.write(`${JSON.stringify({ seed, runs, byStatus, kept: kept.length })}\n`);
  expect(findings).toEqual([]);
  expect(Object.keys(byStatus)).toEqual(expect.arrayContaining(['200', '400', '404']));
  expect((await s3.send(new HeadBucketCommand({ Bucket: 'fuzz' }))).$metadata.httpStatusCode).toBe(200);
  const { entries } = await objects.listVersions({ bucket: 'fuzz', prefix: 'put-', delimiter: '', afterKey: '', afterVersion: null, limit: 1_000_000 });
  const listed = new Set(entries.flatMap((entry) => ('object' in entry ? entry.object.key : [])));
  expect(kept.filter(({ key }) => !listed.has(key))).toEqual([]);
  const said = [...kept, ...unheard].filter(({ key }) => listed.has(key));
  expect([...listed].filter((key) => said.every((put) => put.key !== key)).map((key) => ({ key, answer: answers.get(key) }))).toEqual([]);
  for (const { key, body } of said) {
    const found = await objects.find('fuzz', key);
    const parts: Buffer[] = [];
    if (found !== null) for await (const part of objects.read(found.version)) parts.push(part);
    expect(Buffer.concat(parts).equals(body)).toBe(true);
  }
  expect((await s3.send(new ListMultipartUploadsCommand({ Bucket: 'fuzz' }))).$metadata.httpStatusCode).toBe(200);
}, 3_600_000);
