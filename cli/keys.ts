// `oort keys DIR`: the platform's keys, for services that are given them one by one. Again it changes nothing.
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { keyFiles } from './platform-keys';
import { readOptions, required } from './usage';

export async function makeKeys(commandLine: readonly string[]): Promise<void> {
  const { positionals: [directory] } = readOptions(commandLine, {});
  const place = resolve(required(directory, 'the directory'));
  mkdirSync(place, { recursive: true, mode: 0o700 });
  for (const [name, path] of Object.entries(keyFiles(place))) process.stdout.write(`${name.padEnd(14)} ${path}\n`);
}
