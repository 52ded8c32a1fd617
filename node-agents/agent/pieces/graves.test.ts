// What was deleted is gone for who asks for it, and still there for a dispute, over restarts, until its time is over.
import { mkdtempSync, rmSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDiskStore } from './disk-store';
import { openGraves, type Graves } from './graves';
import type { PieceStore } from './port';

const directory = mkdtempSync(join(tmpdir(), 'oort-graves-'));
const bytes = Buffer.from('what a node held');
let time = 1_000_000;
let disk: PieceStore;
let graves: Graves;

const open = async (): Promise<void> => {
  disk = await openDiskStore(join(directory, 'pieces'));
  graves = await openGraves(disk, { path: join(directory, 'graves'), keepMs: 60_000, now: () => new Date(time) });
};

beforeAll(open);
afterAll(async () => {
  await disk.close();
  rmSync(directory, { recursive: true });
});

it('hides what was deleted, keeps it over a restart, and lets it go in its time', async () => {
  for (const name of ['piece_a', 'piece_b', 'piece_c']) await graves.living.put(name, bytes);
  await graves.living.delete('piece_a');
  await graves.living.delete('piece_b');
  await graves.living.put('piece_b', bytes);
  appendFileSync(join(directory, 'graves'), 'piece_c 99999999');
  await disk.close();
  await open();
  expect((await graves.living.list()).map(({ pieceId }) => pieceId).sort()).toEqual(['piece_b', 'piece_c']);
  expect([await graves.living.get('piece_a'), await graves.living.read('piece_a', 0, 3), await graves.anyway('piece_a')]).toEqual([null, null, bytes]);
  await graves.sweep();
  expect(await graves.anyway('piece_a')).toEqual(bytes);
  time += 60_000;
  await graves.sweep();
  expect([await graves.anyway('piece_a'), await graves.anyway('piece_b')]).toEqual([null, bytes]);
});
