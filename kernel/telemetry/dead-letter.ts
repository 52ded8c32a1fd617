// A dead letter is kept under the name of the group that could not handle it, with the message's own key and bytes, and why. It is
// JSON on every bus, because a bus has no headers and the bytes may be anything.
import { sha256Hex, type Json } from '@oort/kernel-wire';
import type { Unhandled } from './hand-over';
import type { TelemetryBus, TelemetryMessage } from './port';

export interface DeadLetter {
  /** Of the message: one that dies again has the same. */
  readonly id: string;
  /** Who could not handle it. */
  readonly group: string;
  /** Where it was in its topic, decimal. */
  readonly offset: string;
  readonly key: string;
  readonly value: Buffer;
  readonly code: string;
  readonly reason: string;
  readonly attempts: number;
  /** RFC 3339. */
  readonly diedAt: string;
}

export interface Replayed {
  readonly replayed: number;
  /** Those that were not asked for: they wait behind the others. */
  readonly kept: number;
  /** What somebody else wrote into the topic. It stays there, since topics are logs. */
  readonly unreadable: number;
}

export interface ReplayOptions {
  /** Unless told: all. */
  readonly only?: (letter: DeadLetter) => boolean;
}

/** The group whose place in a dead-letter topic parts what was replayed from what was not. */
export const replayGroup = 'replay';
const suffix = '.dead';
const longestReason = 1000;

export function deadTopicOf(topic: string): string {
  return `${topic}${suffix}`;
}

export function isDeadTopic(topic: string): boolean {
  return topic.endsWith(suffix);
}

export function deadLetterBytes(
  { message: { key, value, offset }, group, code, reason, attempts }: Unhandled & { readonly message: TelemetryMessage; readonly group: string },
): Buffer {
  return Buffer.from(JSON.stringify({
    group, offset: offset.toString(), key, value: value.toString('base64'), code, reason: reason.slice(0, longestReason), attempts, diedAt: new Date().toISOString(),
  }));
}

/** Null when the bytes are no dead letter. */
export function readDeadLetter(bytes: Uint8Array): DeadLetter | null {
  try {
    const letter = JSON.parse(Buffer.from(bytes).toString()) as Json;
    if (typeof letter !== 'object' || letter === null) return null;
    const { group, offset, key, value, code, reason, attempts, diedAt } = letter as { readonly [name: string]: Json | undefined };
    if (typeof group !== 'string' || typeof offset !== 'string' || typeof key !== 'string' || typeof value !== 'string' || typeof code !== 'string'
      || typeof reason !== 'string' || typeof attempts !== 'number' || typeof diedAt !== 'string') return null;
    const own = Buffer.from(value, 'base64');
    return { id: sha256Hex(own).slice(0, 16), group, offset, key, value: own, code, reason, attempts, diedAt };
  } catch {
    return null;
  }
}

/** Those that were not replayed yet. */
export async function deadLetters(bus: TelemetryBus, topic: string): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  await bus.peek(deadTopicOf(topic), replayGroup, ({ value }) => {
    const letter = readDeadLetter(value);
    if (letter !== null) letters.push(letter);
    return Promise.resolve();
  });
  return letters;
}

/**
 * Publishes dead letters of the topic that were not replayed before again, once their cause is repaired. All groups of the topic
 * see them then: those that had handled one know it by its envelope's sequence. One that dies again waits for the next replay.
 */
export async function replayDeadLetters(bus: TelemetryBus, topic: string, { only = () => true }: ReplayOptions = {}): Promise<Replayed> {
  let [unreadable, kept] = [0, 0];
  const seen = await bus.drain(deadTopicOf(topic), replayGroup, async ({ offset, value, key }) => {
    const letter = readDeadLetter(value);
    if (letter !== null && only(letter)) return bus.publish(topic, letter.key, letter.value);
    if (letter !== null) {
      kept += 1;
      return bus.publish(deadTopicOf(topic), key, value);
    }
    unreadable += 1;
    process.stderr.write(`telemetry ${deadTopicOf(topic)}, offset ${offset}: no dead letter, skipped\n`);
  });
  return { replayed: seen - unreadable - kept, kept, unreadable };
}
