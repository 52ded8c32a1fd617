// A place for copies that are had again elsewhere: bounded, not flushed, and thrown out as the policy says. Each file begins with the
// SHA-256 of the rest, so that a disk that forgot something costs a miss and never the node's good name. Pieces are named
// `<group>x<number>`; to delete `<group>` deletes all of it.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAll } from './bytes';
import { CachePolicy } from './cache-policy';
import { isFull, PieceStoreFull, systemCode } from './faults';
import type { Bytes, PieceStore } from './port';

export interface CacheStats { readonly hits: number; readonly misses: number; readonly evictions: number; readonly purges: number; readonly bytes: number; readonly pieces: number }

export interface CacheStore extends PieceStore { readonly isCache: true; stats(): CacheStats }

const digestBytes = 32;

export async function openCacheStore(directory: string, maximumBytes: number): Promise<CacheStore> {
  const files = join(directory, 'cache');
  await mkdir(files, { recursive: true });
  const policy = new CachePolicy(maximumBytes);
  const groups = new Map<string, Set<string>>();
  const counts = { hits: 0, misses: 0, evictions: 0, purges: 0 };
  const forget = async (pieceId: string): Promise<void> => {
    policy.remove(pieceId);
    const group = groups.get(groupOf(pieceId));
    group?.delete(pieceId);
    if (group?.size === 0) groups.delete(groupOf(pieceId));
    await rm(join(files, pieceId), { force: true });
  };
  const admit = async (pieceId: string, bytes: number): Promise<void> => {
    for (const gone of policy.add(pieceId, bytes)) {
      counts.evictions += 1;
      await forget(gone);
    }
    if (policy.has(pieceId)) groups.set(groupOf(pieceId), (groups.get(groupOf(pieceId)) ?? new Set()).add(pieceId));
  };
  for (const { pieceId, bytes } of await found(files)) await admit(pieceId, bytes);
  const get = async (pieceId: string): Promise<Buffer | null> => {
    const bytes = policy.has(pieceId) ? await readWhole(join(files, pieceId)) : null;
    if (bytes === null) {
      counts.misses += 1;
      if (policy.has(pieceId)) await forget(pieceId);
      return null;
    }
    counts.hits += 1;
    policy.used(pieceId);
    return bytes;
  };
  return {
    isCache: true,
    async put(pieceId, bytes) {
      if (policy.has(pieceId)) return;
      const length = await writeBeside(join(files, pieceId), bytes);
      await admit(pieceId, length);
    },
    get,
    read: async (pieceId, start, end) => (await get(pieceId))?.subarray(start, end) ?? null,
    async delete(pieceId) {
      for (const one of [pieceId, ...groups.get(pieceId) ?? []].filter((id) => policy.has(id))) {
        counts.purges += 1;
        await forget(one);
      }
    },
    // Nobody is owed any of it.
    list: () => Promise.resolve([]),
    stats: () => ({ ...counts, bytes: policy.bytes, pieces: policy.size }),
    close: () => Promise.resolve(),
  };
}

function groupOf(pieceId: string): string { return pieceId.replace(/x\d+$/, ''); }

/** The eldest first. What was not finished goes. */
async function found(files: string): Promise<readonly { readonly pieceId: string; readonly bytes: number }[]> {
  const pieces: { readonly pieceId: string; readonly bytes: number; readonly atMs: number }[] = [];
  for (const name of await readdir(files)) {
    if (name.includes('.')) await rm(join(files, name), { force: true });
    else {
      const { size, mtimeMs } = await stat(join(files, name));
      pieces.push({ pieceId: name, bytes: size, atMs: mtimeMs });
    }
  }
  return pieces.sort((a, b) => a.atMs - b.atMs);
}

/** How many bytes it takes. Throws PieceStoreFull. */
async function writeBeside(path: string, bytes: Bytes): Promise<number> {
  const parts = Buffer.isBuffer(bytes) ? [bytes] : bytes;
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  const whole = [digest.digest(), ...parts];
  const beside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(beside, 'w');
    await writeAll(handle, whole, 0).finally(() => handle.close());
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw isFull(error) ? new PieceStoreFull(path) : error;
  }
  return whole.reduce((sum, part) => sum + part.length, 0);
}

/** Null when it is not there or not what was written. */
async function readWhole(path: string): Promise<Buffer | null> {
  try {
    const stored = await readFile(path);
    const bytes = stored.subarray(digestBytes);
    return createHash('sha256').update(bytes).digest().equals(stored.subarray(0, digestBytes)) ? bytes : null;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}
