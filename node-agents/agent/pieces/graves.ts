// Pieces that were deleted and are still answered for: a signed inventory names them until it has expired. Nobody gets them any more and
// no new inventory names them; when their time is over they go. What is to go is in a file, a line for each, flushed before the deletion
// is acknowledged.
import { appendFile, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './faults';
import type { PieceStore } from './port';

export interface Graves {
  /** Shows what lives. */
  readonly living: PieceStore;
  /** Of a piece that lives, or was deleted not long ago. */
  anyway(pieceId: string): Promise<Buffer | null>;
  /** Lets go what need not be answered for any more. */
  sweep(): Promise<void>;
}

export interface GravesOptions { readonly path: string; readonly keepMs: number; now(): Date }

export async function openGraves(store: PieceStore, { path, keepMs, now }: GravesOptions): Promise<Graves> {
  await mkdir(dirname(path), { recursive: true });
  const until = new Map(await remembered(path));
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };
  const note = (pieceId: string, at: number): Promise<void> => appendFile(path, `${pieceId} ${at}\n`, { flush: true });
  const living: PieceStore = {
    close: () => store.close(),
    put: (pieceId, bytes) => (until.has(pieceId) ? inTurn(async () => {
      await store.put(pieceId, bytes);
      await note(pieceId, 0);
      until.delete(pieceId);
    }) : store.put(pieceId, bytes)),
    get: (pieceId) => (until.has(pieceId) ? Promise.resolve(null) : store.get(pieceId)),
    read: (pieceId, start, end) => (until.has(pieceId) ? Promise.resolve(null) : store.read(pieceId, start, end)),
    delete: (pieceId) => inTurn(async () => {
      if (until.has(pieceId)) return;
      const at = now().getTime() + keepMs;
      await note(pieceId, at);
      until.set(pieceId, at);
    }),
    list: async () => (await store.list()).filter(({ pieceId }) => !until.has(pieceId)),
  };
  const sweep = (): Promise<void> => inTurn(async () => {
    const due = [...until].filter(([, at]) => at <= now().getTime());
    for (const [pieceId] of due) {
      await store.delete(pieceId);
      until.delete(pieceId);
    }
    if (due.length > 0) await rewrite(path, until);
  });
  return { living, anyway: (pieceId) => store.get(pieceId), sweep };
}

/** The last line of a piece counts; a line that a power cut left half is none. */
async function remembered(path: string): Promise<ReadonlyMap<string, number>> {
  const until = new Map<string, number>();
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  });
  for (const line of text.split('\n').slice(0, -1)) {
    const [pieceId = '', at = ''] = line.split(' ');
    if (Number(at) > 0) until.set(pieceId, Number(at));
    else until.delete(pieceId);
  }
  return until;
}

async function rewrite(path: string, until: ReadonlyMap<string, number>): Promise<void> {
  const handle = await open(`${path}.unfinished`, 'w');
  await handle.writeFile([...until].map(([pieceId, at]) => `${pieceId} ${at}\n`).join('')).then(() => handle.sync()).finally(() => handle.close());
  await rename(`${path}.unfinished`, path);
}
