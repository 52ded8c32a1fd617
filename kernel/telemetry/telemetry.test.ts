import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDeviceKey } from '@oort/kernel-identity';
import { envelopeBytes, envelopeHash, follows, memoryBus, openEmbeddedBus, openEnvelope, sealEnvelope, senderOf } from './index';

const key = newDeviceKey();
const now = new Date('2026-01-01T00:00:00Z');
const first = sealEnvelope({ nodeId: 'node_1', key, sequence: 0, previousHash: null, topic: 'heartbeats', payload: { at: 1 }, now });

test('an envelope opens with its sender\'s key only, and a changed one not at all', () => {
  expect(senderOf(envelopeBytes(first))).toBe('node_1');
  expect(openEnvelope(envelopeBytes(first), key.publicKey)).toEqual(first);
  expect(() => openEnvelope(envelopeBytes(first), newDeviceKey().publicKey)).toThrow('signature');
  expect(() => openEnvelope(envelopeBytes({ ...first, payload: { at: 2 } }), key.publicKey)).toThrow('signature');
  expect(() => openEnvelope('{"nodeId":1}', key.publicKey)).toThrow('malformed');
  expect(() => openEnvelope('no JSON', key.publicKey)).toThrow('malformed');
});

test('a gap, a replay and a fork show', () => {
  const second = sealEnvelope({ ...first, key, sequence: 1, previousHash: envelopeHash(first), now });
  expect([follows(null, first), follows(first, second)]).toEqual([true, true]);
  expect([follows(null, second), follows(second, first), follows(first, first)]).toEqual([false, false, false]);
  expect(follows({ ...first, payload: { at: 9 } }, second)).toBe(false);
});

const fresh = () => ({ directory: mkdtempSync(join(tmpdir(), 'oort-bus-')) });

test.each([['memory', async () => memoryBus()], ['embedded', () => openEmbeddedBus(fresh())]])('%s: a group gets every message in order and goes on where it stopped; another group starts from the first', async (_, open) => {
  const bus = await open();
  const seen: string[] = [];
  const consume = async (group: string, count: number): Promise<void> => {
    const stop = new AbortController();
    let left = count;
    await bus.consume('usage', group, async ({ key: name, value, offset }) => {
      seen.push(`${group} ${offset} ${name} ${value.toString()}`);
      if ((left -= 1) === 0) stop.abort();
    }, stop.signal);
  };
  for (const value of ['1', '2', '3']) await bus.publish('usage', 'n', Buffer.from(value));
  await bus.publish('usage2', 'n', Buffer.from('other'));
  await consume('a', 2);
  await consume('a', 1);
  await consume('b', 1);
  expect(seen).toEqual(['a 0 n 1', 'a 1 n 2', 'a 2 n 3', 'b 0 n 1']);
  await bus.close();
});

test('a message that its handler never accepts goes to the dead-letter topic and holds up nobody', async () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const bus = memoryBus();
  const stop = new AbortController();
  const accepted: string[] = [];
  const dead: string[] = [];
  for (const value of ['poison', 'food']) await bus.publish('t', 'k', Buffer.from(value));
  const running = [
    bus.consume('t', 'g', async ({ value }) => {
      if (value.toString() === 'poison') throw new RangeError('planned');
      accepted.push(value.toString());
    }, stop.signal),
    bus.consume('t.dead', 'g', async ({ value }) => { dead.push(value.toString()); }, stop.signal),
  ];
  while (accepted.length === 0 || dead.length === 0) await sleep(20);
  stop.abort();
  await Promise.all(running);
  write.mockRestore();
  expect({ accepted, dead: dead.map((text) => (JSON.parse(text) as { value: string }).value) })
    .toEqual({ accepted: ['food'], dead: [Buffer.from('poison').toString('base64')] });
});

test('the embedded bus keeps messages and groups over a restart', async () => {
  const place = fresh();
  const seen: string[] = [];
  for (const value of ['1', '2']) {
    const bus = await openEmbeddedBus(place);
    await bus.publish('t', 'k', Buffer.from(value));
    const stop = new AbortController();
    await bus.consume('t', 'g', async (message) => {
      seen.push(message.value.toString());
      stop.abort();
    }, stop.signal);
    await bus.close();
  }
  expect(seen).toEqual(['1', '2']);
});
