// What every TelemetryBus must do, as a jest suite that each implementation runs. Topics have names of their own, so that the
// suite can run on brokers that are not empty.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetters, deadTopicOf, readDeadLetter, replayDeadLetters } from './dead-letter';
import { Poison } from './hand-over';
import type { TelemetryBus, TelemetryMessage } from './port';

type Open = () => Promise<TelemetryBus>;

export function telemetryBusContract(name: string, open: Open): void {
  describe(`${name} as a telemetry bus`, () => {
    let bus: TelemetryBus;
    beforeAll(async () => { bus = await open(); });
    afterAll(async () => bus.close());

    delivering(() => bus);
    failing(() => bus);
    batching(() => bus);
    replaying(() => bus);
    closing(open);
  });
}

const newTopic = (): string => `contract-${randomUUID()}`;

async function publish(bus: TelemetryBus, topic: string, ...values: readonly string[]): Promise<void> {
  for (const value of values) await bus.publish(topic, 'key', Buffer.from(value));
}

/** The next messages of a group, until there are as many. */
async function next(bus: TelemetryBus, topic: string, group: string, count: number): Promise<TelemetryMessage[]> {
  const seen: TelemetryMessage[] = [];
  const stop = new AbortController();
  await bus.consume(topic, group, (message) => {
    seen.push(message);
    if (seen.length === count) stop.abort();
    return Promise.resolve();
  }, stop.signal);
  return seen;
}

const texts = (messages: readonly TelemetryMessage[]): string[] => messages.map(({ value }) => value.toString());

function delivering(bus: () => TelemetryBus): void {
  test('a group gets every message in order and goes on where it stopped; another group starts from the first', async () => {
    const topic = newTopic();
    await publish(bus(), topic, '1', '2', '3');
    await publish(bus(), `${topic}.other`, 'other');
    expect((await next(bus(), topic, 'a', 2)).map(({ key, value, offset, topic: of }) => [of, key, value.toString(), offset]))
      .toEqual([[topic, 'key', '1', 0n], [topic, 'key', '2', 1n]]);
    expect(texts(await next(bus(), topic, 'a', 1))).toEqual(['3']);
    expect(texts(await next(bus(), topic, 'b', 3))).toEqual(['1', '2', '3']);
  });

  test('bytes come as they were, whatever they are', async () => {
    const topic = newTopic();
    const values = [Buffer.alloc(0), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), Buffer.alloc(1_500_000, 7)];
    for (const value of values) await bus().publish(topic, 'ключ/🔑', value);
    const seen = await next(bus(), topic, 'g', 3);
    expect(seen.map(({ key }) => key)).toEqual(['ключ/🔑', 'ключ/🔑', 'ключ/🔑']);
    expect(seen.map(({ value }, index) => value.equals(values[index] ?? Buffer.of(1)))).toEqual([true, true, true]);
  });

  test('messages of one key keep their order, however many are published at once', async () => {
    const topic = newTopic();
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    await Promise.all(Array.from({ length: 50 }, (_, n) => keys.map((key) => bus().publish(topic, key, Buffer.from(String(n))))).flat());
    const seen = await next(bus(), topic, 'g', 400);
    const inOrder = Array.from({ length: 50 }, (_, n) => String(n));
    for (const key of keys) expect(texts(seen.filter((message) => message.key === key))).toEqual(inOrder);
  });

  test('a consumer that is there first gets what is published later, and an aborted one ends at once', async () => {
    const topic = newTopic();
    const waiting = next(bus(), topic, 'g', 1);
    await sleep(50);
    await publish(bus(), topic, 'late');
    expect(texts(await waiting)).toEqual(['late']);
    await bus().consume(topic, 'g', () => Promise.resolve(), AbortSignal.abort());
  });

  test('a message whose handler was stopped before it succeeded comes again', async () => {
    const topic = newTopic();
    await publish(bus(), topic, 'first', 'second');
    const stop = new AbortController();
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await bus().consume(topic, 'g', ({ value }) => {
      if (value.toString() === 'first') return Promise.resolve();
      stop.abort();
      return Promise.reject(new RangeError('planned'));
    }, stop.signal);
    write.mockRestore();
    expect(texts(await next(bus(), topic, 'g', 1))).toEqual(['second']);
  });
}

function failing(bus: () => TelemetryBus): void {
  test('a poison message is tried five times and goes to the dead letters with its own key and bytes; others are not held up', async () => {
    const topic = newTopic();
    const poison = Buffer.of(0, 255, 1);
    await bus().publish(topic, 'node_1', poison);
    await bus().publish(topic, 'node_1', Buffer.from('food'));
    const { tries, accepted } = await consumeWithPoison(bus(), topic, poison);
    expect({ tries, accepted }).toEqual({ tries: 5, accepted: ['food'] });
    const [dead] = await next(bus(), deadTopicOf(topic), 'mourners', 1);
    expect(dead?.key).toBe('g');
    expect(readDeadLetter(dead?.value ?? Buffer.alloc(0))).toMatchObject({
      key: 'node_1', value: poison, group: 'g', offset: '0', attempts: 5, code: 'HANDLER_FAILED', reason: 'planned' });
  });
}

/** Until the message after it was accepted. */
async function consumeWithPoison(bus: TelemetryBus, topic: string, poison: Buffer): Promise<{ tries: number; accepted: string[] }> {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stop = new AbortController();
  const accepted: string[] = [];
  let tries = 0;
  await bus.consume(topic, 'g', async ({ value }) => {
    if (value.equals(poison)) {
      tries += 1;
      throw new RangeError('planned');
    }
    accepted.push(value.toString());
    stop.abort();
  }, stop.signal);
  write.mockRestore();
  return { tries, accepted };
}

function batching(bus: () => TelemetryBus): void {
  test('batches hold what is there, in order and no more than wanted; one that fails is handed over one by one, and the group goes on behind it', async () => {
    const topic = newTopic();
    await publish(bus(), topic, '1', '2', 'poison', '4', '5', '6', '7');
    const stop = new AbortController();
    const [sizes, accepted] = [[] as number[], [] as string[]];
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await bus().consumeBatches(topic, 'g', 3, async (messages) => {
      sizes.push(messages.length);
      if (texts(messages).includes('poison')) throw new Poison('PLANNED', 'planned');
      accepted.push(...texts(messages));
      if (accepted.length === 5) stop.abort();
    }, stop.signal);
    write.mockRestore();
    expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
    expect(accepted.slice(0, 5)).toEqual(['1', '2', '4', '5', '6']);
    expect((await deadLetters(bus(), topic)).map(({ code, value }) => [code, value.toString()])).toEqual([['PLANNED', 'poison']]);
    await publish(bus(), topic, '8');
    expect(texts(await next(bus(), topic, 'g', 7 - accepted.length))).toEqual(['7', '8'].slice(accepted.length - 5));
  });
}

function replaying(bus: () => TelemetryBus): void {
  test('dead letters are replayed once, with their own key and bytes; what is no dead letter is passed over', async () => {
    const topic = newTopic();
    const poison = Buffer.of(200, 0);
    await bus().publish(topic, 'node_1', poison);
    await bus().publish(topic, 'node_1', Buffer.from('food'));
    await consumeWithPoison(bus(), topic, poison);
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await bus().publish(deadTopicOf(topic), 'g', Buffer.from('noise'));
    expect(await deadLetters(bus(), topic)).toMatchObject([{ key: 'node_1', value: poison }]);
    expect(await replayDeadLetters(bus(), topic, { only: () => false })).toEqual({ replayed: 0, kept: 1, unreadable: 1 });
    expect(await replayDeadLetters(bus(), topic)).toEqual({ replayed: 1, kept: 0, unreadable: 0 });
    write.mockRestore();
    expect(await replayDeadLetters(bus(), topic)).toEqual({ replayed: 0, kept: 0, unreadable: 0 });
    expect(await deadLetters(bus(), topic)).toEqual([]);
    expect((await next(bus(), topic, 'g', 1)).map(({ key, value }) => [key, value])).toEqual([['node_1', poison]]);
  });

  test('a drain gives what is there and ends; what it could not hand over stays for the next', async () => {
    const topic = newTopic();
    const accepted: string[] = [];
    const accept = async ({ value }: TelemetryMessage): Promise<void> => { accepted.push(value.toString()); };
    expect(await bus().drain(topic, 'g', accept)).toBe(0);
    await publish(bus(), topic, '1', '2', '3');
    await expect(bus().drain(topic, 'g', async (message) => {
      if (message.value.toString() === '2') throw new RangeError('planned');
      await accept(message);
    })).rejects.toThrow('planned');
    const peeked: string[] = [];
    expect(await bus().peek(topic, 'g', async ({ value }) => { peeked.push(value.toString()); })).toBe(2);
    expect(peeked).toEqual(['2', '3']);
    expect(await bus().drain(topic, 'g', accept)).toBe(2);
    expect(await bus().drain(topic, 'g', accept)).toBe(0);
    expect(accepted).toEqual(['1', '2', '3']);
  });
}

function closing(open: Open): void {
  test('a closed bus says so', async () => {
    const bus = await open();
    const topic = newTopic();
    await publish(bus, topic, 'before');
    await bus.close();
    await expect(publish(bus, topic, 'after')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });
}
