import { newDeviceKey } from '@oort/kernel-identity';
import { deadLetters, deadTopicOf, memoryBus, memoryChains, receive, replayDeadLetters, sealEnvelope, type Received, type TelemetryBus } from './index';

const key = newDeviceKey();
const now = new Date('2026-01-01T00:00:00Z');
const write = jest.spyOn(process.stderr, 'write');
beforeEach(() => { write.mockReturnValue(true); });
afterAll(() => { write.mockRestore(); });

function sealedChain(count: number, change: { readonly sealedAtMs?: number; readonly dropped?: number; readonly topic?: string } = {}): readonly Buffer[] {
  const all: Buffer[] = [];
  let previousHash: string | null = null;
  for (let sequence = 0; sequence < count; sequence += 1) {
    const { bytes, hash } = sealEnvelope({
      nodeId: 'node_1', key, topic: 't', epoch: 1, epochReason: 'first', sequence, previousHash, sealedAtMs: now.getTime(), readings: [Buffer.of(sequence)], ...change });
    all.push(bytes);
    previousHash = hash;
  }
  return all;
}

/** Until so many were received. */
async function received(bus: TelemetryBus, count: number, effect: (one: Received) => void = () => undefined, most = 1): Promise<readonly Received[]> {
  const all: Received[] = [];
  const stop = new AbortController();
  await receive<null>({
    bus, topic: 't', group: 'g', chains, most, now: () => now, publicKeyOf: (nodeId) => Promise.resolve(nodeId === 'node_1' ? key.publicKey : null),
    async effect(some) {
      for (const one of some) {
        effect(one);
        all.push(one);
        if (all.length === count) stop.abort();
      }
    },
  }, stop.signal);
  return all;
}

let chains = memoryChains();
beforeEach(() => { chains = memoryChains(); });

test('what is delivered twice has its effect once, over consumers and replays', async () => {
  const bus = memoryBus();
  const chain = sealedChain(4);
  for (const bytes of [...chain.slice(0, 3), ...chain.slice(0, 3), ...chain]) await bus.publish('t', 'node_1', bytes);
  const seen = [...await received(bus, 2), ...await received(bus, 2)];
  expect(seen.map(({ readings: [reading] }) => reading?.[0])).toEqual([0, 1, 2, 3]);
  expect(seen.every(({ notices }) => notices.length === 0)).toBe(true);
  await bus.close();
});

test('what cannot count goes to the dead letters at once, with its reason, and holds up nobody', async () => {
  const bus = memoryBus();
  const [first = Buffer.of(), second = Buffer.of()] = sealedChain(2);
  const [fork = Buffer.of()] = sealedChain(1, { sealedAtMs: 5 });
  const stranger = sealEnvelope({ nodeId: 'node_2', key, topic: 't', epoch: 1, epochReason: 'first', sequence: 0, previousHash: null, sealedAtMs: 0, readings: [] }).bytes;
  const [astray = Buffer.of()] = sealedChain(1, { topic: 'other' });
  const forged = Buffer.from(first);
  forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
  for (const bytes of [Buffer.from('noise'), first, stranger, forged, astray, fork, second]) await bus.publish('t', 'node_1', bytes);
  expect((await received(bus, 2)).map(({ sequence }) => sequence)).toEqual([0, 1]);
  expect((await deadLetters(bus, 't')).map(({ code, attempts, group, offset }) => [code, attempts, group, offset])).toEqual([
    ['ENVELOPE_MALFORMED', 1, 'g', '0'], ['ENVELOPE_UNKNOWN_NODE', 1, 'g', '2'], ['ENVELOPE_SIGNATURE', 1, 'g', '3'],
    ['ENVELOPE_UNKNOWN_TOPIC', 1, 'g', '4'], ['ENVELOPE_FORKED', 1, 'g', '5'],
  ]);
  await bus.close();
});

test('a dead letter whose cause is repaired counts once, late, when it is replayed twice', async () => {
  const bus = memoryBus();
  for (const bytes of sealedChain(3)) await bus.publish('t', 'node_1', bytes);
  const broken = await received(bus, 2, ({ sequence }) => { if (sequence === 1) throw new RangeError('planned'); });
  expect(broken.map(({ sequence, notices }) => [sequence, notices])).toEqual([[0, []], [2, [{ kind: 'gap', from: 1, to: 1 }]]]);
  const [letter] = await deadLetters(bus, 't');
  expect(letter).toMatchObject({ code: 'HANDLER_FAILED', reason: 'planned', attempts: 5, key: 'node_1', group: 'g' });
  expect(await replayDeadLetters(bus, 't', { only: ({ id }) => id !== letter?.id })).toEqual({ replayed: 0, kept: 1, unreadable: 0 });
  expect(await replayDeadLetters(bus, 't', { only: ({ id }) => id === letter?.id })).toEqual({ replayed: 1, kept: 0, unreadable: 0 });
  expect(await deadLetters(bus, 't')).toEqual([]);
  await bus.publish('t', 'node_1', letter?.value ?? Buffer.of());
  await bus.publish('t', 'node_1', sealedChain(4).at(-1) ?? Buffer.of());
  expect((await received(bus, 2)).map(({ sequence, notices }) => [sequence, notices])).toEqual([[1, [{ kind: 'late', sequence: 1 }]], [3, []]]);
  expect(await bus.peek(deadTopicOf('t'), 'replay', () => Promise.resolve())).toBe(0);
  await bus.close();
});

test('a clock that is ahead is capped and told of, and so is what the node gave up', async () => {
  const bus = memoryBus();
  for (const bytes of sealedChain(1, { sealedAtMs: now.getTime() + 60_000, dropped: 7 })) await bus.publish('t', 'node_1', bytes);
  expect(await received(bus, 1)).toMatchObject([{ sealedAtMs: now.getTime(), notices: [{ kind: 'dropped', readings: 7 }, { kind: 'clock-ahead', ms: 60_000 }] }]);
  await bus.close();
});

test('many at once are as many alone: each counts once, and one that cannot count takes no other with it', async () => {
  const bus = memoryBus();
  const chain = sealedChain(50);
  for (const [index, bytes] of chain.entries()) {
    await bus.publish('t', 'node_1', bytes);
    if (index % 5 === 0) await bus.publish('t', 'node_1', bytes);
    if (index === 20) await bus.publish('t', 'node_1', Buffer.from('noise'));
  }
  const seen = await received(bus, 50, () => undefined, 8);
  expect(seen.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(seen.flatMap(({ notices }) => notices)).toEqual([]);
  expect((await deadLetters(bus, 't')).map(({ code }) => code)).toEqual(['ENVELOPE_MALFORMED']);
  await bus.close();
});
