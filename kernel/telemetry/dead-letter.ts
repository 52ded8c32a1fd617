// A dead letter is kept under the name of the group that could not handle it, with the message's own key and bytes. It is JSON on
// every bus, because a bus has no headers and the bytes may be anything.
import type { Json } from '@oort/kernel-wire';
import type { TelemetryBus, TelemetryMessage } from './port';

export interface DeadLetter { readonly key: string; readonly value: Buffer }

export interface Replayed {
  readonly replayed: number;
  /** What somebody else wrote into the topic. It stays there, since topics are logs. */
  readonly unreadable: number;
}

export function deadTopicOf(topic: string): string {
  return `${topic}.dead`;
}

export function deadLetterBytes({ key, value }: Pick<TelemetryMessage, 'key' | 'value'>): Buffer {
  return Buffer.from(JSON.stringify({ key, value: value.toString('base64') }));
}

/** Null when the bytes are no dead letter. */
export function readDeadLetter(bytes: Uint8Array): DeadLetter | null {
  try {
    const letter = JSON.parse(Buffer.from(bytes).toString()) as Json;
    if (typeof letter !== 'object' || letter === null) return null;
    const { key, value } = letter as { readonly key?: Json; readonly value?: Json };
    return typeof key === 'string' && typeof value === 'string' ? { key, value: Buffer.from(value, 'base64') } : null;
  } catch {
    return null;
  }
}

/**
 * Publishes every dead letter of the topic that was not replayed before again, once its cause is repaired. All groups of the topic
 * see it then: those that had handled it know it by its envelope's sequence. One that dies again waits for the next replay.
 */
export async function replayDeadLetters(bus: TelemetryBus, topic: string): Promise<Replayed> {
  let unreadable = 0;
  const seen = await bus.drain(deadTopicOf(topic), 'replay', async ({ offset, value }) => {
    const letter = readDeadLetter(value);
    if (letter !== null) return bus.publish(topic, letter.key, letter.value);
    unreadable += 1;
    process.stderr.write(`telemetry ${deadTopicOf(topic)}, offset ${offset}: no dead letter, skipped\n`);
  });
  return { replayed: seen - unreadable, unreadable };
}
