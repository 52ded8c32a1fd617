// Readings as bytes. Fields that a sender does not know are 0 or empty, those that a reader does not know are passed over.
import { join } from 'node:path';
import { Root } from 'protobufjs';
import { EnvelopeRejected } from '@oort/kernel-telemetry';
import { topicNames, topics, type Readings, type Topic } from './topics';

const root = new Root().loadSync(join(__dirname, 'readings.proto')).resolveAll();
const types = new Map(topicNames.map((topic) => [topic, root.lookupType(`oort.telemetry.v1.${topics[topic].message}`)]));

export function encodeReading<T extends Topic>(topic: T, reading: Readings[T]): Buffer {
  return Buffer.from(typeOf(topic).encode(reading).finish());
}

/** Throws EnvelopeRejected for bytes that are no such reading: the envelope that holds them cannot count as a whole. */
export function decodeReading<T extends Topic>(topic: T, bytes: Uint8Array): Readings[T] {
  try {
    const type = typeOf(topic);
    // The schema check holds the types of topics.ts against the messages.
    return type.toObject(type.decode(bytes), { longs: Number, defaults: true }) as Readings[T];
  } catch {
    throw new EnvelopeRejected('malformed', `a reading is no ${topics[topic].message}`);
  }
}

function typeOf(topic: Topic): ReturnType<Root['lookupType']> {
  const type = types.get(topic);
  if (type === undefined) throw new EnvelopeRejected('unknown-topic', topic);
  return type;
}
