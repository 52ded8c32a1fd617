// A copy of the log that is taken while writers go on, and that the next copy goes on from.
// Invariants: the copy holds whole appends, and all that its manifest counts is durable; the manifest is replaced in one step, so
// a copy that was broken off leaves the one before it. Keys are no part of it: see OPERATIONS.md.
import {
  closeSync, constants, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Fault } from '@oort/kernel-wire';
import { appendsOf, bytesOf, LogDamaged, logFilesOf, type LogPlace } from './log-files';
import { takeLock } from './lock';
import { unwritable } from './segments';
import type { RecordedEvent } from './port';

export class BackupRefused extends Fault {
  constructor(message: string) {
    super('BACKUP_REFUSED', message);
  }
}

/** What the log hashes to; @oort/kernel-merkle has it. */
export interface Tally {
  readonly size: number;
  add(event: RecordedEvent): void;
  root(): string;
  /** What `Tallies` goes on from. */
  saved(): readonly string[];
}
export type Tallies = (saved: readonly string[], size: number) => Tally;

export interface Manifest {
  readonly format: 1;
  readonly events: number;
  /** Where the copy ends; null when it holds nothing. */
  readonly end: LogPlace | null;
  /** Of the Merkle log over all its events. */
  readonly root: string;
  readonly saved: readonly string[];
}

export interface Copied { readonly events: number; readonly added: number; readonly root: string }

const manifestName = 'backup.json';
const comparedBytes = 1024 * 1024;
const copiedBytes = 1024 * 1024;

/** From a store's directory, which may be in use. Throws BackupRefused, LogDamaged, StoreUnwritable. */
export function backUp(store: string, backup: string, tallies: Tallies): Copied {
  const before = existsSync(join(backup, manifestName)) ? manifestOf(backup) : null;
  const [from, to] = [join(store, 'log'), join(backup, 'log')];
  if (before === null && logFilesOf(to).length > 0) throw new BackupRefused(`${backup} holds a log without ${manifestName}: use an empty directory`);
  if (before !== null && !continues(from, to, before)) {
    throw new BackupRefused(`the log in ${store} is not the one that ${backup} holds a copy of: use an empty directory`);
  }
  const tally = tallies(before?.saved ?? [], before?.events ?? 0);
  const end = taken(from, before?.end ?? null, tally);
  copy(from, to, before?.end ?? null, end);
  const root = tally.root();
  writeManifest(backup, { format: 1, events: tally.size, end, root, saved: tally.saved() });
  return { events: tally.size, added: tally.size - (before?.events ?? 0), root };
}

/** All of a copy, read again. Throws BackupRefused when it is not what was copied, LogDamaged. */
export function checkBackup(backup: string, tallies: Tallies, seen: (event: RecordedEvent) => void = () => undefined): Copied {
  const manifest = manifestOf(backup);
  const tally = tallies([], 0);
  taken(join(backup, 'log'), null, tally, manifest.events, seen);
  mustHold(manifest, tally);
  return { events: tally.size, added: 0, root: tally.root() };
}

/** Into a directory without a store. With `to`, only the appends that end at or before that position.
 *  Throws BackupRefused, LogDamaged, StoreUnwritable, StoreLocked. */
export function restore(backup: string, store: string, tallies: Tallies, to: number = Infinity): Copied {
  const manifest = manifestOf(backup);
  if (existsSync(join(store, 'log'))) throw new BackupRefused(`there is an event store in ${store}: move it away first`);
  const release = takeLock(store);
  try {
    const kept = tallies([], 0);
    const tally = tallies([], 0);
    const [from, aside] = [join(backup, 'log'), join(store, 'restoring')];
    let end: LogPlace | null = null;
    for (const append of appendsOf(from, null, 0)) {
      if (tally.size >= manifest.events) break;
      const last = append[append.length - 1];
      if (last === undefined) continue;
      for (const { event } of append) tally.add(event);
      if (Number(last.event.position) > to) continue;
      for (const { event } of append) kept.add(event);
      end = { file: last.file, byte: last.byte + last.bytes };
    }
    mustHold(manifest, tally);
    rmSync(aside, { recursive: true, force: true });
    copy(from, aside, null, end);
    rmSync(join(store, 'index'), { recursive: true, force: true });
    renameSync(aside, join(store, 'log'));
    flushFolder(store);
    return { events: kept.size, added: kept.size, root: kept.root() };
  } finally {
    release();
  }
}

function mustHold({ events, root }: Manifest, tally: Tally): void {
  if (tally.size !== events) throw new BackupRefused(`the backup has ${tally.size} events and should have ${events}`);
  if (tally.root() !== root) throw new BackupRefused(`the events of the backup hash to ${tally.root()}, and ${root} was copied`);
}

/** Whole appends from a place on, at most so many events altogether. */
function taken(log: string, from: LogPlace | null, tally: Tally, most = Infinity, seen: (event: RecordedEvent) => void = () => undefined): LogPlace | null {
  let end = from;
  for (const append of appendsOf(log, from, tally.size)) {
    if (tally.size >= most) break;
    for (const { event, file, byte, bytes } of append) {
      tally.add(event);
      seen(event);
      end = { file, byte: byte + bytes };
    }
  }
  return end;
}

/** The end of the copy stands where it stood in the log, and what precedes it there is the same. */
function continues(from: string, to: string, { end }: Manifest): boolean {
  if (end === null) return true;
  const start = Math.max(0, end.byte - comparedBytes);
  const [log, kept] = [from, to].map((directory) => partOf(join(directory, end.file), start, end.byte - start));
  return log !== undefined && kept !== undefined && log.length === end.byte - start && log.equals(kept);
}

function copy(from: string, to: string, start: LogPlace | null, end: LogPlace | null): void {
  try {
    mkdirSync(to, { recursive: true });
    const files = end === null ? [] : logFilesOf(from).filter((file) => file <= end.file && (start === null || file >= start.file));
    for (const file of files) copyFile(from, to, file, file === start?.file ? start.byte : 0, file === end?.file ? end.byte : Infinity);
    flushFolder(to);
  } catch (error) {
    throw error instanceof Fault ? error : unwritable(error);
  }
}

function copyFile(from: string, to: string, file: string, start: number, end: number): void {
  const source = openSync(join(from, file), 'r');
  const target = openSync(join(to, file), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    let at = start;
    for (let bytes = bytesOf(source, at, Math.min(copiedBytes, end - at)); bytes.length > 0; bytes = bytesOf(source, at, Math.min(copiedBytes, end - at))) {
      for (let done = 0; done < bytes.length;) done += writeSync(target, bytes, done, bytes.length - done, at + done);
      at += bytes.length;
    }
    if (end !== Infinity && at < end) throw new LogDamaged(file, at, 'the file became shorter while it was copied');
    ftruncateSync(target, at);
    fsyncSync(target);
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

function partOf(path: string, start: number, length: number): Buffer | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, 'r');
  try {
    return bytesOf(file, start, length);
  } finally {
    closeSync(file);
  }
}

function manifestOf(backup: string): Manifest {
  const path = join(backup, manifestName);
  if (!existsSync(path)) throw new BackupRefused(`there is no backup in ${backup}`);
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    if (manifest.format === 1 && Number.isSafeInteger(manifest.events) && typeof manifest.root === 'string') return manifest;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw unwritable(error);
  }
  throw new BackupRefused(`${path} is not the manifest of a backup`);
}

function writeManifest(backup: string, manifest: Manifest): void {
  const path = join(backup, manifestName);
  try {
    writeFileSync(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
    renameSync(`${path}.new`, path);
    flushFolder(backup);
  } catch (error) {
    throw unwritable(error);
  }
}

function flushFolder(path: string): void {
  const folder = openSync(path, 'r');
  fsyncSync(folder);
  closeSync(folder);
}
