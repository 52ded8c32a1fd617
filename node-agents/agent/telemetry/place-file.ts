// A place appears whole or not at all, and survives a power cut: the file is flushed before it gets its name, the name after.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readState, StateUnreadable } from '../state-file';
import type { Place } from './topic-buffer';

/** Null when there is none, or none that can be read. */
export function readPlace(path: string, log: (text: string) => void): Place | null {
  try {
    const place = readState<Place>(path);
    return place !== null && Number.isSafeInteger(place.epoch) && Number.isSafeInteger(place.sequence) && Number.isSafeInteger(place.next) ? place : null;
  } catch (error) {
    if (!(error instanceof StateUnreadable)) throw error;
    log(error.message);
    return null;
  }
}

export function writePlace(path: string, place: Place): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, JSON.stringify(place), { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
