// A golden sample is a reading's bytes as a released version wrote them. They are never written again: a message that gets a field
// gets a sample more, and every reader of the future reads them all.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@oort/kernel-wire';
import { encodeReading } from './readings';
import { topics, type Readings, type Topic } from './topics';

export interface Golden { readonly topic: Topic; readonly version: number; readonly reading: { readonly [field: string]: Json }; readonly hex: string; readonly isComplete: boolean }

const folder = join(__dirname, 'golden');

/** Of a topic, the oldest first. */
export function goldenOf(topic: Topic): readonly Golden[] {
  const files = readdirSync(folder).filter((name) => name.startsWith(`${topics[topic].message}.v`));
  return files.map((name) => {
    const { reading, hex } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Pick<Golden, 'reading' | 'hex'>;
    const isComplete = Object.keys(topics[topic].sample).every((field) => field in reading);
    return { topic, version: Number(/\.v(\d+)\.json$/.exec(name)?.[1]), reading, hex, isComplete };
  }).sort((a, b) => a.version - b.version);
}

export function latestGolden(topic: Topic): Golden | null {
  return goldenOf(topic).at(-1) ?? null;
}

/** Answers the file's name. */
export function writeGolden(topic: Topic): string {
  const name = `${topics[topic].message}.v${(latestGolden(topic)?.version ?? 0) + 1}.json`;
  const { sample } = topics[topic];
  writeFileSync(join(folder, name), `${JSON.stringify({ reading: sample, hex: encodeReading(topic, sample as unknown as Readings[Topic]).toString('hex') }, null, 2)}\n`);
  return name;
}
