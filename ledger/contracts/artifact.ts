import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artifact } from './compile';

export const artifactPath = join(__dirname, 'artifact.json');

let loaded: Artifact | undefined;

/** The committed output of the compiler; a test compares it with a fresh one. */
export function artifact(): Artifact {
  loaded ??= JSON.parse(readFileSync(artifactPath, 'utf8')) as Artifact;
  return loaded;
}
