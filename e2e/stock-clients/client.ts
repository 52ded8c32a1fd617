// What every stock client has in common: where it works, how its commands are run, and how two folders are compared.
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '@oort/kernel-wire';

export class ClientFailed extends Fault {
  constructor(message: string) { super('CLIENT_FAILED', message); }
}

export interface Workplace {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Empty, and the client's own. */
  readonly directory: string;
}

export interface Task { readonly name: string; run(): Promise<void> }

export interface StockClient {
  readonly name: string;
  /** Its version, or null where it is not installed. */
  version(): Promise<string | null>;
  /** In their order: each builds on the ones before. */
  tasks(place: Workplace): readonly Task[];
}

export function same(what: string, found: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  if (left !== right) throw new ClientFailed(`${what}: ${left?.slice(0, 300)} and not ${right?.slice(0, 300)}`);
}

/** What the machine says of Amazon's own cloud is not about this door. */
const surroundings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));

/** Its standard output. Throws ClientFailed with the end of what it said. */
export function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env: { ...surroundings, ...env }, timeout: 300_000, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ClientFailed(`${file} ${args.join(' ')}: ${(stderr || stdout || error.message).trim().slice(-600)}`));
    });
  });
}

/** The first line of `--version`; null where the command is not there. */
export async function versionOf(file: string, args: readonly string[] = ['--version']): Promise<string | null> {
  return run(file, args).then((text) => text.trim().split('\n', 1)[0] ?? '', () => null);
}

/** Names that clients stumble over, an empty file, and one that is too large for a single request. */
export function writeTree(directory: string): void {
  const files: readonly (readonly [string, Buffer])[] = [
    ['plain.txt', Buffer.from('plain')], ['empty', Buffer.alloc(0)], ['with space & plus+.txt', Buffer.from('space')], ['ünïcode-日本.txt', Buffer.from('unicode')],
    ['deep/er/and/deeper.bin', randomBytes(70_000)], ["quote'(1)!*.txt", Buffer.from('quote')], ['big.bin', randomBytes(20 * 1024 * 1024 + 1)],
  ];
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), bytes);
  }
}

/** Path and digest of every file below. */
export function treeOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return `${path.slice(directory.length + 1)} ${sha256(readFileSync(path))}`;
  }).sort();
}

export function sha256(bytes: Uint8Array): string { return createHash('sha256').update(bytes).digest('hex'); }
