// The bus over Apache Kafka. A group of the port is the Kafka group `<group>.<topic>`, since groups of the port are per topic.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { Kafka, logLevel, type Admin, type SASLOptions } from 'kafkajs';
import { messageOf } from '@oort/kernel-wire';
import { deadLetterBytes, deadTopicOf, isDeadTopic } from './dead-letter';
import { BusClosed, BusDenied, BusRefused, BusUnreachable } from './faults';
import { handOverAll, type BatchHandler } from './hand-over';
import { beMember } from './kafka-consumer';
import { kafkaPublisher, type KafkaPublisher } from './kafka-publisher';
import type { TelemetryBus, TelemetryMessage } from './port';

export interface KafkaOptions {
  /** host:port each. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Of topics that this bus makes; 6 unless given. Never change it for a topic in use: keys would change their partition. */
  readonly partitions?: number;
  /** Of topics that this bus makes; what the brokers are set to unless given. */
  readonly replicas?: number;
  /** Of topics that this bus makes; a week unless given. Dead letters stay. Kafka waits for no consumer: be longer than the longest
   *  absence of one. */
  readonly retentionMs?: number;
  /** False for who may only write to topics that the platform made, as agents; true unless given. */
  readonly makesTopics?: boolean;
  /** TLS, with the certificates in PEM; the system's authorities unless `ca` is given. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string };
  /** How many failed connections a publish outlasts; 30 unless given, which is about a minute. */
  readonly retries?: number;
}

type Handler = (message: TelemetryMessage) => Promise<void>;

const largestTopicMessageBytes = 8 * 1024 * 1024;
const asBrokersAreSet = -1;
const weekMs = 7 * 24 * 3600 * 1000;
const forEver = -1;
const rejoinMs = 500;
const mostLookAttempts = 20;

/** Throws BusUnreachable, BusDenied. */
export async function openKafkaBus(options: KafkaOptions): Promise<TelemetryBus> {
  const { brokers, clientId } = options;
  // kafkajs gives up what a producer sends after as many failed connections as its client allows, not as the producer does.
  const clientThatTries = (retries: number): Kafka => new Kafka({
    brokers: [...brokers], clientId, logLevel: logLevel.NOTHING, connectionTimeout: 3000, requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries },
    ...(options.tls === undefined ? {} : { ssl: tlsOf(options.tls) }), ...(options.sasl === undefined ? {} : { sasl: saslOf(options.sasl) }),
  });
  const kafka = clientThatTries(5);
  const admin = kafka.admin();
  try {
    await admin.connect();
  } catch (error) {
    await admin.disconnect().catch(() => undefined);
    throw faultOf(brokers, '', error);
  }
  const retries = options.retries ?? 30;
  const publisher = kafkaPublisher({ kafka: clientThatTries(retries), retries, faultOf: (topic, error) => faultOf(brokers, topic, error) });
  return new KafkaBus(kafka, admin, publisher, options);
}

class KafkaBus implements TelemetryBus {
  readonly #topics = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(
    private readonly kafka: Kafka, private readonly admin: Admin, private readonly publisher: KafkaPublisher, private readonly options: KafkaOptions,
  ) {}

  async publish(topic: string, key: string, value: Uint8Array): Promise<void> {
    await this.#topic(topic);
    await this.publisher.publish(topic, key, Buffer.from(value));
  }

  consume(topic: string, group: string, handler: Handler, signal: AbortSignal): Promise<void> {
    return this.consumeBatches(topic, group, 1, async ([message]) => { if (message !== undefined) await handler(message); }, signal);
  }

  consumeBatches(topic: string, group: string, most: number, handler: BatchHandler, signal: AbortSignal): Promise<void> {
    return this.#run(this.#consume(topic, group, most, handler, AbortSignal.any([signal, this.#closing.signal])));
  }

  drain(topic: string, group: string, handler: Handler): Promise<number> {
    return this.#run(this.#upToNow(topic, groupIdOf(topic, group), handler));
  }

  peek(topic: string, group: string, handler: Handler): Promise<number> {
    return this.#run(this.#peek(topic, group, handler));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
    await this.publisher.close();
    await this.admin.disconnect();
  }

  #run<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => { this.#running.delete(tracked); });
    this.#running.add(tracked);
    return tracked;
  }

  /** A member that the brokers failed joins again, for as long as somebody listens. */
  async #consume(topic: string, group: string, most: number, handler: BatchHandler, signal: AbortSignal): Promise<void> {
    const take = (messages: readonly TelemetryMessage[]): Promise<number> => handOverAll(messages, handler, signal,
      (message, why) => this.publish(deadTopicOf(topic), group, deadLetterBytes({ message, group, ...why })));
    for (let said = ''; !signal.aborted;) {
      try {
        await this.#topic(topic);
        await beMember({ kafka: this.kafka, topic, groupId: groupIdOf(topic, group), most, take, signal });
      } catch (error) {
        // Once for an outage, not twice a second.
        if (said !== messageOf(error)) process.stderr.write(`telemetry ${topic}, group ${group} joins again: ${messageOf(error)}\n`);
        said = messageOf(error);
        await sleep(rejoinMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** A group for the while, set to the places of the other one. */
  async #peek(topic: string, group: string, handler: Handler): Promise<number> {
    const [groupId, own] = [`peek-${randomUUID()}.${topic}`, groupIdOf(topic, group)];
    await this.#topic(topic);
    try {
      const [places] = await this.#patiently(topic, () => this.admin.fetchOffsets({ groupId: own, topics: [topic] }));
      const partitions = (places?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
      if (partitions.length > 0) await this.#patiently(topic, () => this.admin.setOffsets({ groupId, topic, partitions }));
      return await this.#upToNow(topic, groupId, handler);
    } finally {
      await this.admin.deleteGroups([groupId]).catch(() => undefined);
    }
  }

  async #upToNow(topic: string, groupId: string, handler: Handler): Promise<number> {
    const left = await this.#patiently(topic, () => this.#left(topic, groupId));
    const stop = new AbortController();
    const failures: unknown[] = [];
    let handled = 0;
    const take = async ([message]: readonly TelemetryMessage[], partition: number): Promise<number> => {
      const end = left.get(partition);
      if (message === undefined || end === undefined || message.offset >= end || failures.length > 0) return 0;
      try {
        await handler(message);
        handled += 1;
      } catch (error) {
        failures.push(error);
      }
      if (failures.length === 0 && message.offset + 1n === end) left.delete(partition);
      if (failures.length > 0 || left.size === 0) stop.abort();
      return failures.length === 0 ? 1 : 0;
    };
    if (left.size > 0) {
      const signal = AbortSignal.any([stop.signal, this.#closing.signal]);
      await beMember({ kafka: this.kafka, topic, groupId, most: 1, take, signal })
        .catch((error: unknown) => { throw faultOf(this.options.brokers, topic, error); });
      if (failures.length > 0) throw failures[0];
      if (this.#closing.signal.aborted) throw new BusClosed();
    }
    return handled;
  }

  /** A broker that has just come back leads its partitions and coordinates its groups only a moment later. */
  async #patiently<T>(topic: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const retriable = typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === true;
        if (!retriable || attempt === mostLookAttempts || this.#closing.signal.aborted) throw faultOf(this.options.brokers, topic, error);
        await sleep(rejoinMs);
      }
    }
  }

  /** The end of each partition that the group has not reached. */
  async #left(topic: string, groupId: string): Promise<Map<number, bigint>> {
    await this.#topic(topic);
    const ends = await this.admin.fetchTopicOffsets(topic);
    const [committed] = await this.admin.fetchOffsets({ groupId, topics: [topic] });
    const places = new Map(committed?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
    const behind = ends.filter(({ partition, low, high }) => {
      const place = places.get(partition) ?? -1n;
      return (place > BigInt(low) ? place : BigInt(low)) < BigInt(high);
    });
    return new Map(behind.map(({ partition, high }) => [partition, BigInt(high)]));
  }

  /** Makes the topic where it is not there yet. Throws BusClosed, BusUnreachable, BusRefused. */
  #topic(topic: string): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new BusClosed());
    const known = this.#topics.get(topic) ?? this.#make(topic).catch((error: unknown) => {
      this.#topics.delete(topic);
      throw faultOf(this.options.brokers, topic, error);
    });
    this.#topics.set(topic, known);
    return known;
  }

  async #make(topic: string): Promise<void> {
    const { partitions = 6, replicas = asBrokersAreSet, retentionMs = weekMs, makesTopics = true } = this.options;
    if (!makesTopics) return;
    const configEntries = [
      { name: 'max.message.bytes', value: String(largestTopicMessageBytes) },
      { name: 'retention.ms', value: String(isDeadTopic(topic) ? forEver : retentionMs) },
      { name: 'retention.bytes', value: String(forEver) },
      { name: 'cleanup.policy', value: 'delete' },
    ];
    await this.admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: replicas, configEntries }] });
  }
}

function tlsOf({ ca, cert, key }: NonNullable<KafkaOptions['tls']>): ConnectionOptions {
  return { ...(ca === undefined ? {} : { ca: [ca] }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

/** The same for each mechanism, but kafkajs has a type of its own for each. */
function saslOf({ mechanism, ...account }: NonNullable<KafkaOptions['sasl']>): SASLOptions {
  switch (mechanism) {
    case 'plain': return { mechanism, ...account };
    case 'scram-sha-256': return { mechanism, ...account };
    case 'scram-sha-512': return { mechanism, ...account };
  }
}

function groupIdOf(topic: string, group: string): string {
  return `${group}.${topic}`;
}

/** kafkajs wraps the broker's own answer in its causes; that answer has a type. */
function faultOf(brokers: readonly string[], topic: string, error: unknown): Error {
  if (error instanceof BusClosed || error instanceof BusDenied || error instanceof BusRefused || error instanceof BusUnreachable) return error;
  let refusal: string | null = null;
  for (let one: unknown = error; typeof one === 'object' && one !== null; one = insideOf(one)) {
    if ('type' in one && typeof one.type === 'string') refusal = one.type;
    if ('name' in one && one.name === 'KafkaJSSASLAuthenticationError') return new BusDenied(brokers, error);
  }
  return refusal === null ? new BusUnreachable(brokers, error) : new BusRefused(topic, refusal, error);
}

function insideOf(error: object): unknown {
  if ('errors' in error && Array.isArray(error.errors)) return (error.errors as readonly unknown[])[0];
  return 'cause' in error ? error.cause : null;
}
