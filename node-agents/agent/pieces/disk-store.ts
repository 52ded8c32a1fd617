import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isFull, PieceConflict, PieceStoreFull, systemCode } from './faults';
import { NeedleLog } from './needle-log';
import { answerMemory, isEqual, lengthOf, writeAll } from './bytes';
import type { Bytes, PieceStore, StoredPiece } from './port';

/** Pieces up to this size share the needle log; larger ones are files of their own. */
const needleBytes = 1024 * 1024;

/** The local disk: a needle log for small pieces, one file for each large one. */
export async function openDiskStore(directory: string): Promise<PieceStore> {
  const log = await NeedleLog.open(join(directory, 'needles'));
  const files = join(directory, 'pieces');
  await mkdir(files, { recursive: true });
  await removeUnfinished(files);
  // Which pieces are files is kept in memory, so that a small piece that is new costs no look at the disk.
  const large = new Map((await listFiles(files)).map((piece) => [piece.pieceId, piece.sizeBytes]));
  const read = async (pieceId: string): Promise<Buffer | null> => (
    large.has(pieceId) ? readOrNull(pathOf(files, pieceId)) : log.get(pieceId));
  return {
    async put(pieceId, bytes) {
      const present = await read(pieceId);
      if (present !== null && !isEqual(present, bytes)) throw new PieceConflict(pieceId);
      if (present !== null) return;
      if (lengthOf(bytes) <= needleBytes) return log.put(pieceId, bytes);
      await writeDurably(pathOf(files, pieceId), bytes);
      large.set(pieceId, lengthOf(bytes));
    },
    get: read,
    read: (pieceId, start, end) => {
      const size = large.get(pieceId);
      return size === undefined ? log.read(pieceId, start, end) : readPart(pathOf(files, pieceId), start, Math.min(end, size));
    },
    async delete(pieceId) {
      await log.delete(pieceId);
      if (large.delete(pieceId)) await rm(pathOf(files, pieceId), { force: true });
    },
    list: () => Promise.resolve([...log.list(), ...[...large].map(([pieceId, sizeBytes]) => ({ pieceId, sizeBytes }))]),
    close: () => log.close(),
  };
}

/** A file appears whole or not at all: written beside, flushed, renamed, and the folder flushed. Throws PieceStoreFull. */
export async function writeDurably(path: string, bytes: Bytes): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.unfinished`;
  try {
    const handle = await open(unfinished, 'w');
    await writeAll(handle, bytes, 0).then(() => handle.datasync()).finally(() => handle.close());
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw isFull(error) ? new PieceStoreFull(folder) : error;
  }
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Spread over folders by the id's random end. */
export function pathOf(files: string, pieceId: string): string {
  return join(files, pieceId.slice(-2), pieceId);
}

export async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The bytes from `start` up to `end` (exclusive) of a file, fewer where it ends earlier, or null when there is none. */
export async function readPart(path: string, start: number, end: number): Promise<Buffer | null> {
  try {
    const handle = await open(path, 'r');
    const bytes = answerMemory.take(Math.max(0, end - start));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start).finally(() => handle.close());
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export async function listFiles(files: string): Promise<readonly StoredPiece[]> {
  const names = (await readdir(files, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return Promise.all(names.filter(({ name }) => !name.endsWith('.unfinished')).map(async ({ name }) => (
    { pieceId: name, sizeBytes: (await stat(pathOf(files, name))).size })));
}

async function removeUnfinished(files: string): Promise<void> {
  const entries = await readdir(files, { recursive: true, withFileTypes: true });
  for (const { name, parentPath } of entries.filter((entry) => entry.name.endsWith('.unfinished'))) await rm(join(parentPath, name));
}
