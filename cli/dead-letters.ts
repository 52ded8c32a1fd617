// `oort telemetry dead-letters list|replay`: what no consumer could handle, and why; and once more, when its cause is repaired. On the
// embedded bus of a platform that is not running, or on Kafka at any time.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { deadLetters, kafkaSettings, openEmbeddedBus, openKafkaBus, replayDeadLetters, type DeadLetter, type TelemetryBus } from '@oort/kernel-telemetry';
import { isTopic, topicNames } from '@oort/schema/telemetry/topics';
import { readOptions, UsageRefused } from './usage';

interface Asked {
  readonly bus: TelemetryBus;
  readonly topics: readonly string[];
  readonly json: boolean;
  readonly wanted: (letter: DeadLetter) => boolean;
}

/** Throws StoreLocked while a platform runs on the bus, BusUnreachable, UsageRefused. */
export async function listDeadLetters(commandLine: readonly string[]): Promise<void> {
  await withBus(commandLine, async ({ bus, topics, json, wanted }) => {
    let count = 0;
    for (const topic of topics) {
      for (const letter of (await deadLetters(bus, topic)).filter(wanted)) {
        count += 1;
        process.stdout.write(`${json ? JSON.stringify({ topic, ...letter, value: letter.value.toString('base64') }) : lineOf(topic, letter)}\n`);
      }
    }
    if (!json) process.stdout.write(count === 0 ? 'no dead letters\n' : `${count} dead letters; replay them with oort telemetry dead-letters replay\n`);
  });
}

/** Those that are not asked for stay. */
export async function replayLetters(commandLine: readonly string[]): Promise<void> {
  await withBus(commandLine, async ({ bus, topics, json, wanted }) => {
    for (const topic of topics) {
      const outcome = await replayDeadLetters(bus, topic, { only: wanted });
      const { replayed, kept, unreadable } = outcome;
      if (json) process.stdout.write(`${JSON.stringify({ topic, ...outcome })}\n`);
      else if (replayed + kept + unreadable > 0) process.stdout.write(`${topic}: ${replayed} replayed, ${kept} kept, ${unreadable} unreadable\n`);
    }
    if (!json) process.stdout.write('done: what fails again comes back as a dead letter\n');
  });
}

async function withBus(commandLine: readonly string[], work: (asked: Asked) => Promise<void>): Promise<void> {
  const { values } = readOptions(commandLine, {
    data: { type: 'string', default: '.oort' }, topic: { type: 'string' }, id: { type: 'string' }, code: { type: 'string' }, json: { type: 'boolean', default: false },
  });
  const { topic, id, code } = values;
  if (topic !== undefined && !isTopic(topic)) throw new UsageRefused(`--topic is one of ${topicNames.join(', ')}, not "${topic}"`);
  const bus = await openBus(join(resolve(values.data), 'telemetry'));
  try {
    const wanted = (letter: DeadLetter): boolean => (id === undefined || letter.id === id) && (code === undefined || letter.code === code);
    await work({ bus, topics: topic === undefined ? topicNames : [topic], json: values.json, wanted });
  } finally {
    await bus.close();
  }
}

function openBus(directory: string): Promise<TelemetryBus> {
  const kafka = kafkaSettings(process.env);
  if (kafka !== null) return openKafkaBus({ ...kafka, clientId: 'oort-cli' });
  if (!existsSync(directory)) throw new UsageRefused(`there is no telemetry in ${directory}, and OORT_KAFKA_BROKERS names no Kafka`);
  return openEmbeddedBus({ directory });
}

function lineOf(topic: string, { id, key, group, offset, code, reason, attempts, diedAt, value }: DeadLetter): string {
  return `${id} ${diedAt} ${topic}/${offset} of ${key} for ${group}, ${value.length} bytes: ${code} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}: ${reason.split('\n')[0] ?? ''}`;
}
