// Over a real Apache Kafka (kafka-broker.ts). The only reason to skip is a machine that cannot have it.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDeviceKey } from '@oort/kernel-identity';
import { telemetryBusContract } from './contract';
import {
  BusUnreachable, deadTopicOf, kafkaSettings, memoryChains, openKafkaBus, receive, sealEnvelope, type KafkaOptions, type Received, type TelemetryBus,
} from './index';
import { createKafkaBroker, kafkaAccount, whyNoKafka, type KafkaBroker } from './kafka-broker';

const why = whyNoKafka();
if (why !== null) process.stderr.write(`The Kafka tests are skipped: ${why}.\n`);
const onKafka = why === null ? describe : describe.skip;

const startTimeoutMs = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'oort-kafka-test-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

onKafka('Apache Kafka', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await createKafkaBroker();
    await broker.start();
  }, startTimeoutMs);
  afterAll(async () => { await broker.remove(); });
  const open = (retries?: number): Promise<TelemetryBus> =>
    openKafkaBus({ brokers: [broker.address], clientId: 'test', ...(retries === undefined ? {} : { retries }) });

  telemetryBusContract('kafka', () => open());

  test('topics that Kafka cannot have and messages over the limit are refused with their codes', async () => {
    const bus = await open();
    await expect(bus.publish('no spaces', 'k', Buffer.from('x'))).rejects.toMatchObject({ code: 'BUS_REFUSED', detail: { type: 'INVALID_TOPIC_EXCEPTION' } });
    const topic = `large-${randomUUID()}`;
    await expect(bus.publish(topic, 'k', Buffer.alloc(6 * 1024 * 1024))).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
    await bus.publish(topic, 'k', Buffer.alloc(4 * 1024 * 1024));
    expect(await bus.drain(topic, 'g', () => Promise.resolve())).toBe(1);
    await bus.close();
  });

  test('brokers that do not answer are a fault, when the bus is opened and when a message is given up', async () => {
    await expect(openKafkaBus({ brokers: ['127.0.0.1:1'], clientId: 'test' })).rejects.toMatchObject({ code: 'BUS_UNREACHABLE' });
    const bus = await open(2);
    const topic = `outage-${randomUUID()}`;
    await bus.publish(topic, 'k', Buffer.from('before'));
    await broker.stop('SIGKILL');
    await expect(bus.publish(topic, 'k', Buffer.from('lost'))).rejects.toMatchObject({ code: 'BUS_UNREACHABLE' });
    await broker.start();
    await bus.publish(topic, 'k', Buffer.from('after'));
    const seen: string[] = [];
    await bus.drain(topic, 'g', async ({ value }) => { seen.push(value.toString()); });
    expect(seen).toEqual(['before', 'after']);
    await bus.close();
  });

  test('a broker killed and started again while nodes publish: every envelope takes effect once, each node\'s chain is whole', async () => {
    const topic = `readings-${randomUUID()}`;
    const nodes = ['node_1', 'node_2', 'node_3'].map((nodeId) => ({ nodeId, key: newDeviceKey() }));
    const keys = new Map(nodes.map(({ nodeId, key }) => [nodeId, key.publicKey]));
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const [publishing, consuming] = [await open(), await open()];
    const effects = new Map<string, Received[]>(nodes.map(({ nodeId }) => [nodeId, []]));
    const stop = new AbortController();
    const consumed = receive<null>({
      bus: consuming, topic, group: 'g', chains: memoryChains(), now: () => new Date(), publicKeyOf: (nodeId) => Promise.resolve(keys.get(nodeId) ?? null),
      most: 10,
      async effect(received) { for (const one of received) effects.get(one.nodeId)?.push(one); },
    }, stop.signal);

    const enough = 150;
    const published = nodes.map(async ({ nodeId, key }) => {
      let previousHash: string | null = null;
      for (let sequence = 0; sequence < enough; sequence += 1) {
        const { bytes, hash } = sealEnvelope({
          nodeId, key, topic, epoch: 1, epochReason: 'first', sequence, previousHash, sealedAtMs: Date.now(), readings: [Buffer.from(String(sequence))] });
        await publishUntilTaken(publishing, topic, nodeId, bytes);
        previousHash = hash;
        await sleep(10);
      }
    });
    await sleep(600);
    await broker.stop('SIGKILL');
    await sleep(2000);
    await broker.start();
    await Promise.all(published);
    while ([...effects.values()].some((list) => list.length < enough)) await sleep(50);
    stop.abort();
    await consumed;
    write.mockRestore();
    for (const list of effects.values()) {
      expect(list.map(({ sequence }) => sequence)).toEqual(Array.from({ length: enough }, (_, n) => n));
      expect(list.flatMap(({ notices }) => notices)).toEqual([]);
    }
    expect(await publishing.peek(deadTopicOf(topic), 'nobody', () => Promise.resolve())).toBe(0);
    await Promise.all([publishing.close(), consuming.close()]);
  });
});

onKafka('Apache Kafka with TLS and passwords', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await createKafkaBroker({ secure: true });
    await broker.start();
  }, startTimeoutMs);
  afterAll(async () => { await broker.remove(); });
  const settings = (change: Readonly<Record<string, string>>): KafkaOptions => {
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, broker.certificate ?? '');
    writeFileSync(join(folder, 'password'), `${kafkaAccount.password}\n`);
    const environment = { OORT_KAFKA_BROKERS: broker.address, OORT_KAFKA_CA: ca, OORT_KAFKA_USERNAME: kafkaAccount.username, OORT_KAFKA_PASSWORD_FILE: join(folder, 'password') };
    const read = kafkaSettings({ ...environment, ...change });
    if (read === null) throw new RangeError('no brokers');
    return { ...read, clientId: 'test', retries: 2 };
  };

  test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('carries messages for who signs in by %s', async (mechanism) => {
    const bus = await openKafkaBus(settings({ OORT_KAFKA_SASL: mechanism }));
    const topic = `secure-${randomUUID()}`;
    await bus.publish(topic, 'k', Buffer.from(mechanism));
    const seen: string[] = [];
    await bus.drain(topic, 'g', async ({ value }) => { seen.push(value.toString()); });
    expect(seen).toEqual([mechanism]);
    await bus.close();
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['a wrong password', { OORT_KAFKA_SASL: 'scram-sha-512', OORT_KAFKA_PASSWORD_FILE: '', OORT_KAFKA_PASSWORD: 'wrong' }, 'BUS_DENIED'],
    ['an authority that did not sign the broker\'s certificate', { OORT_KAFKA_SASL: 'plain', OORT_KAFKA_CA: '', OORT_KAFKA_TLS: '1' }, 'BUS_UNREACHABLE'],
    ['no TLS', { OORT_KAFKA_SASL: 'plain', OORT_KAFKA_CA: '' }, 'BUS_UNREACHABLE'],
  ])('refuses %s with a fault', async (_, change, code) => {
    await expect(openKafkaBus(settings(change))).rejects.toMatchObject({ code });
  });
});

/** As an agent does with what lies on its disk. */
async function publishUntilTaken(bus: TelemetryBus, topic: string, key: string, bytes: Buffer): Promise<void> {
  for (;;) {
    try {
      return await bus.publish(topic, key, bytes);
    } catch (error) {
      if (!(error instanceof BusUnreachable)) throw error;
      await sleep(200);
    }
  }
}
