// One batch is in flight at a time, and a later one starts only when the earlier is durable or given up. kafkajs takes the sequence
// numbers of an idempotent producer back when a request fails; with a second batch under way that one would get the numbers of the
// first, and the broker would drop it as a repetition. It also keeps the order per key, and messages that wait share a request.
import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners, type Kafka, type Message, type Producer } from 'kafkajs';
import { BusClosed, MessageTooLarge } from './faults';

export interface KafkaPublisher {
  publish(topic: string, key: string, value: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface PublisherOptions {
  readonly kafka: Kafka;
  /** Retries of a batch before it is given up. */
  readonly retries: number;
  /** What a failed batch's publishers are told. */
  readonly faultOf: (topic: string, error: unknown) => Error;
}

interface Waiting {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A dead letter is a third larger than its message, and topics take 8 MiB (kafka.ts). */
const largestMessageBytes = 5 * 1024 * 1024;
const largestBatchBytes = 256 * 1024;
const largestBatch = 1000;
const allReplicas = -1;
/** What is under way then while no broker answers is given up with the connection. */
const longestCloseMs = 5000;

export function kafkaPublisher({ kafka, retries, faultOf }: PublisherOptions): KafkaPublisher {
  const waiting: Waiting[] = [];
  let producer: Producer | null = null;
  let sending: Promise<void> | null = null;
  let closed = false;

  async function connected(): Promise<Producer> {
    if (producer !== null) return producer;
    const made = kafka.producer({
      idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, maxRetryTime: 1000, retries },
    });
    await made.connect();
    producer = made;
    return made;
  }

  async function send(batch: readonly Waiting[]): Promise<void> {
    try {
      const topicMessages = byTopic(batch);
      await (await connected()).sendBatch({ acks: allReplicas, topicMessages });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { topic, reject } of batch) reject(faultOf(topic, error));
      // Whether the brokers have the batch is not known: the next one comes from a producer with numbers of its own.
      const failed = producer;
      producer = null;
      await failed?.disconnect().catch(() => undefined);
    }
  }

  async function sendAll(): Promise<void> {
    while (waiting.length > 0) await send(waiting.splice(0, batchLength(waiting)));
    sending = null;
  }

  return {
    publish(topic, key, value) {
      if (closed) return Promise.reject(new BusClosed());
      if (value.length > largestMessageBytes) return Promise.reject(new MessageTooLarge(value.length, largestMessageBytes));
      return new Promise((resolve, reject) => {
        waiting.push({ topic, key, value, resolve, reject });
        sending ??= Promise.resolve().then(sendAll);
      });
    },
    async close() {
      closed = true;
      await Promise.race([sending, sleep(longestCloseMs, undefined, { ref: false })]);
      await producer?.disconnect();
    },
  };
}

function batchLength(waiting: readonly Waiting[]): number {
  let bytes = 0;
  for (const [index, { key, value }] of waiting.entries()) {
    bytes += key.length + value.length;
    if (index > 0 && (index === largestBatch || bytes > largestBatchBytes)) return index;
  }
  return waiting.length;
}

function byTopic(batch: readonly Waiting[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, key, value } of batch) {
    const messages = topics.get(topic) ?? [];
    topics.set(topic, messages);
    messages.push({ key, value });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}
