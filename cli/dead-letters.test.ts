import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus, Poison } from '@oort/kernel-telemetry';
import { listDeadLetters, replayLetters } from './dead-letters';

const directory = mkdtempSync(join(tmpdir(), 'oort-letters-'));
const said: string[] = [];
let out: jest.SpyInstance;
let err: jest.SpyInstance;

beforeEach(() => {
  said.length = 0;
  out = jest.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  err = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  out.mockRestore();
  err.mockRestore();
});
afterAll(() => { rmSync(directory, { recursive: true }); });

/** What the group gets until it is handed the last value. */
async function consume(last: string, work: (value: string) => void): Promise<void> {
  const bus = await openEmbeddedBus({ directory: join(directory, 'telemetry') });
  const stop = new AbortController();
  await bus.consume('usage', 'readings', async ({ value }) => {
    if (value.toString() === last) stop.abort();
    work(value.toString());
  }, stop.signal);
  await bus.close();
}

test('lists what died and why, replays what is asked for, and keeps the rest', async () => {
  const bus = await openEmbeddedBus({ directory: join(directory, 'telemetry') });
  for (const value of ['torn', 'forged', 'good']) await bus.publish('usage', 'node_1', Buffer.from(value));
  await bus.close();
  await consume('good', (value) => { if (value !== 'good') throw new Poison(value.toUpperCase(), `it is ${value}`); });
  await listDeadLetters(['--data', directory]);
  expect(said.map((line) => line.replace(/^[0-9a-f]{16} \S+ /, ''))).toEqual([
    'usage/0 of node_1 for readings, 4 bytes: TORN after 1 try: it is torn\n',
    'usage/1 of node_1 for readings, 6 bytes: FORGED after 1 try: it is forged\n',
    '2 dead letters; replay them with oort telemetry dead-letters replay\n',
  ]);
  said.length = 0;
  await replayLetters(['--data', directory, '--topic', 'usage', '--code', 'TORN', '--json']);
  expect(said.map((line) => JSON.parse(line) as object)).toEqual([{ topic: 'usage', replayed: 1, kept: 1, unreadable: 0 }]);
  const again: string[] = [];
  await consume('torn', (value) => { again.push(value); });
  expect(again).toEqual(['torn']);
  said.length = 0;
  await listDeadLetters(['--data', directory, '--json']);
  expect(said.map((line) => JSON.parse(line) as object)).toMatchObject([{ code: 'FORGED', key: 'node_1', value: Buffer.from('forged').toString('base64') }]);
});

test('says what is wrong with what was asked', async () => {
  await expect(listDeadLetters(['--topic', 'gossip'])).rejects.toThrow('--topic is one of heartbeats, resources');
  await expect(listDeadLetters(['--data', join(directory, 'nowhere')])).rejects.toThrow('there is no telemetry in');
});
