// Deleted pieces give their space back, whatever is written or not afterwards, and whenever the node dies.
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { NeedleLog } from './needle-log';

let directory: string;
beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'needles-')); });
afterEach(() => rm(directory, { recursive: true, force: true }));

const fileBytes = 16_384;

async function bytesIn(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

it.each([1, 16, 700])('of pieces of %i bytes nothing is left when all are deleted, though nothing is written after', async (size) => {
  const log = await NeedleLog.open(directory, fileBytes);
  const ids = Array.from({ length: 400 }, (_, index) => `piece_${index}`);
  await Promise.all(ids.map((id) => log.put(id, randomBytes(size))));
  await Promise.all(ids.map((id) => log.delete(id)));
  await log.close();
  expect(await bytesIn(directory)).toBeLessThanOrEqual(fileBytes / 4);
});

it('what is kept is at least half of the log, but for a part of a file', async () => {
  const log = await NeedleLog.open(directory, fileBytes);
  const kept = new Map<string, Buffer>();
  const change = fc.record({ id: fc.integer({ min: 0, max: 60 }), bytes: fc.integer({ min: 0, max: 900 }), keep: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(change, { minLength: 20, maxLength: 120 }), async (changes) => {
    await Promise.all(changes.map(({ id, bytes, keep }) => {
      const name = `piece_${id}`;
      if (!keep) {
        kept.delete(name);
        return log.delete(name);
      }
      const content = randomBytes(bytes);
      kept.set(name, content);
      return log.put(name, content);
    }));
  }), { numRuns: 20 });
  // A delete of what is still in the queue finds nothing to delete, so the log may have more.
  const live = log.list().reduce((sum, { pieceId, sizeBytes }) => sum + sizeBytes + 20 + pieceId.length, 0);
  await log.close();
  expect(await bytesIn(directory)).toBeLessThanOrEqual(2 * live + fileBytes);
  const again = await NeedleLog.open(directory, fileBytes);
  for (const [name, content] of kept) expect((await again.get(name))?.equals(content)).toBe(true);
  await again.close();
});

it('a node that dies between the copies and the removal of the old file has everything once', async () => {
  const log = await NeedleLog.open(directory, fileBytes);
  const pieces = new Map(Array.from({ length: 60 }, (_, index) => [`piece_${index}`, randomBytes(500)]));
  for (const [id, bytes] of pieces) await log.put(id, bytes);
  const [oldest = ''] = (await readdir(directory)).sort();
  const aside = `${directory}.aside`;
  await copyFile(join(directory, oldest), aside);
  for (const id of [...pieces.keys()].filter((_, index) => index % 3 > 0)) {
    await log.delete(id);
    pieces.delete(id);
  }
  await log.close();
  expect(await readdir(directory)).not.toContain(oldest);
  await copyFile(aside, join(directory, oldest));
  await rm(aside);
  const again = await NeedleLog.open(directory, fileBytes);
  for (const [id, bytes] of pieces) expect((await again.get(id))?.equals(bytes)).toBe(true);
  await again.close();
});
