// What a job leaves behind, taken from its folder by somebody who can see the whole disk: so no link is followed, on no step of the
// way (a job that names /etc/passwd as its output gets nothing but its name in the log).
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { canonicalJson, codeOf, Fault, type Json } from '@oort/kernel-wire';
import { FolderEscaped } from './limits';

export interface Artifact { readonly path: string; readonly contentId: string; readonly bytes: number }

export class OutputMissing extends Fault {
  constructor(path: string) { super('OUTPUT_MISSING', `the job did not write ${path}`, { path }); }
}

export class OutputTooLarge extends Fault {
  constructor(path: string) { super('OUTPUT_TOO_LARGE', `${path} is larger than an artifact may be`, { path }); }
}

/** A file travels as one piece of content. */
const largestBytes = 512 * 1024 * 1024;

/** Every file of the outputs, folders in depth, in the order of their paths. Throws FolderEscaped, OutputMissing, OutputTooLarge. */
export async function collectArtifacts(folder: string, outputs: readonly string[], store: (bytes: Buffer) => Promise<string>): Promise<readonly Artifact[]> {
  const paths = [...new Set(outputs.flatMap((output) => filesOf(folder, output)))].sort();
  const artifacts: Artifact[] = [];
  for (const path of paths) {
    const bytes = readInside(folder, path);
    artifacts.push({ path, contentId: await store(bytes), bytes: bytes.length });
  }
  return artifacts;
}

/** Hex: an RFC 6962 tree whose leaves are the artifacts' RFC 8785 forms, so one of them is shown without the others. */
export function artifactsRoot(artifacts: readonly Artifact[]): string {
  return merkleRoot(artifacts.map((artifact) => leafHash(Buffer.from(canonicalJson(artifact as unknown as Json))))).toString('hex');
}

function filesOf(folder: string, path: string): readonly string[] {
  const parts = path.split('/');
  parts.forEach((_, index) => { if (lstat(folder, parts.slice(0, index + 1).join('/')).isSymbolicLink()) throw new FolderEscaped(path); });
  const place = lstat(folder, path);
  if (place.isFile()) return [path];
  if (!place.isDirectory()) throw new FolderEscaped(path);
  return readdirSync(join(folder, path)).sort().flatMap((name) => filesOf(folder, `${path}/${name}`));
}

function lstat(folder: string, path: string): ReturnType<typeof lstatSync> & object {
  try {
    return lstatSync(join(folder, path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') throw new OutputMissing(path);
    throw error;
  }
}

function readInside(folder: string, path: string): Buffer {
  const place = join(folder, path);
  // The job is over, but a second look costs nothing.
  const real = relative(realpathSync(folder), realpathSync(place));
  if (real.split(sep)[0] === '..') throw new FolderEscaped(path);
  const file = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    if (size > largestBytes) throw new OutputTooLarge(path);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
