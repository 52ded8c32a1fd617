import fs, { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedStore } from './index';
import type { EventStore } from './port';

const event = (id: string) => ({
  id, type: 'T', data: null, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
});

async function ids(store: EventStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of store.readAll('start')) found.push(id);
  return found;
}

let directory: string;
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'oort-faults-')); });
afterEach(() => { jest.restoreAllMocks(); });

test('a second instance is refused, in this process and in another; a lock of a dead process is not', async () => {
  const store = await openEmbeddedStore({ directory });
  await expect(openEmbeddedStore({ directory })).rejects.toMatchObject({ code: 'STORE_LOCKED', detail: { pid: process.pid } });
  await store.close();

  const child = spawn(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'crash-writer.ts'), directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await expect(openEmbeddedStore({ directory })).rejects.toMatchObject({ code: 'STORE_LOCKED', detail: { pid: child.pid } });
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  await (await openEmbeddedStore({ directory })).close();

  writeFileSync(join(directory, 'lock'), `${process.pid} 1 another-boot`);
  await (await openEmbeddedStore({ directory })).close();
});

test('a full disk: the appends under way are refused as unwritable, nothing of them is kept, and the store goes on when there is room', async () => {
  const store = await openEmbeddedStore({ directory });
  await store.append('s-1', 'no-stream', [event('1')]);
  const write = fs.writeSync;
  const full = jest.spyOn(fs, 'writeSync').mockImplementation(((file: number, bytes: Buffer, from: number, length: number, at: number) => {
    if (length < 10) throw Object.assign(new RangeError('no space left'), { code: 'ENOSPC' });
    return write(file, bytes, from, Math.floor(length / 2), at);
  }) as typeof fs.writeSync);
  const results = await Promise.allSettled(['2', '3'].map((id) => store.append(`s-${id}`, 'no-stream', [event(id)])));
  expect(results).toMatchObject([{ reason: { code: 'STORE_UNWRITABLE', detail: { reason: 'ENOSPC' } } }, { reason: { code: 'STORE_UNWRITABLE' } }]);
  full.mockRestore();
  expect(await ids(store)).toEqual(['1']);
  expect(await store.append('s-2', 'no-stream', [event('2')])).toEqual({ revision: 0n, position: 1n });
  await store.close();
  const again = await openEmbeddedStore({ directory });
  expect(await ids(again)).toEqual(['1', '2']);
  await again.close();
});

test('after a failed flush nothing is acknowledged any more until the store is opened again', async () => {
  const store = await openEmbeddedStore({ directory });
  await store.append('s-1', 'no-stream', [event('1')]);
  await sleep(150);
  const log = join(directory, 'log', readdirSync(join(directory, 'log'))[0] ?? '');
  jest.spyOn(fs, 'fdatasync').mockImplementation(((_file: number, done: (error: unknown) => void) => {
    done(Object.assign(new RangeError('i/o error'), { code: 'EIO' }));
  }) as typeof fs.fdatasync);
  await expect(store.append('s-1', 0n, [event('2')])).rejects.toMatchObject({ code: 'STORE_BROKEN' });
  jest.restoreAllMocks();
  await expect(store.append('s-1', 0n, [event('2')])).rejects.toMatchObject({ code: 'STORE_BROKEN' });
  expect(await ids(store)).toEqual(['1']);
  await store.close();
  expect(readFileSync(log, 'utf8')).toContain(event('2').id);
});

test('a disk with room for events and none for space ahead keeps what it is given', async () => {
  const store = await openEmbeddedStore({ directory });
  const write = fs.writeSync;
  jest.spyOn(fs, 'writeSync').mockImplementation(((file: number, bytes: Buffer, from: number, length: number, at: number) => {
    if (length > 64 * 1024) throw Object.assign(new RangeError('no space left'), { code: 'ENOSPC' });
    return write(file, bytes, from, length, at);
  }) as typeof fs.writeSync);
  for (const id of ['1', '2', '3']) await store.append(`s-${id}`, 'no-stream', [event(id)]);
  jest.restoreAllMocks();
  await store.close();
  const again = await openEmbeddedStore({ directory });
  expect(await ids(again)).toEqual(['1', '2', '3']);
  await again.close();
});

test('a place that cannot be written is a typed fault', async () => {
  writeFileSync(join(directory, 'file'), '');
  await expect(openEmbeddedStore({ directory: join(directory, 'file', 'below') })).rejects.toMatchObject({ code: 'STORE_UNWRITABLE', detail: { reason: 'ENOTDIR' } });
});
