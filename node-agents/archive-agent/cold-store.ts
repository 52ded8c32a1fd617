// The cold store of an archive node: one write-once file for each piece, made read-only after the flush.
// It trades speed for simplicity on purpose: cold copies are written once, read rarely and kept for years.
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PieceConflict } from '@oort/node-agents-agent/pieces/faults';
import { isEqual } from '@oort/node-agents-agent/pieces/bytes';
import { listFiles, pathOf, readOrNull, readPart, writeDurably } from '@oort/node-agents-agent/pieces/disk-store';
import type { PieceStore } from '@oort/node-agents-agent/pieces/port';

export async function openColdStore(directory: string): Promise<PieceStore> {
  const files = join(directory, 'cold');
  await mkdir(files, { recursive: true });
  return {
    async put(pieceId, bytes) {
      const present = await readOrNull(pathOf(files, pieceId));
      if (present !== null && !isEqual(present, bytes)) throw new PieceConflict(pieceId);
      if (present !== null) return;
      await writeDurably(pathOf(files, pieceId), bytes);
      await chmod(pathOf(files, pieceId), 0o444);
    },
    get: (pieceId) => readOrNull(pathOf(files, pieceId)),
    read: (pieceId, start, end) => readPart(pathOf(files, pieceId), start, end),
    delete: (pieceId) => rm(pathOf(files, pieceId), { force: true }),
    list: () => listFiles(files),
    close: () => Promise.resolve(),
  };
}
