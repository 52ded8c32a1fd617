import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backUp, checkBackup, checkStore, openEmbeddedStore, restore, type Tally } from './index';
import type { EventStore } from './port';

/** A chain of hashes stands for the Merkle log, which lies above this package. */
function chain(saved: readonly string[], size: number): Tally {
  let [root, count] = [saved[0] ?? '', size];
  return {
    get size() { return count; },
    add({ id, position }) {
      root = createHash('sha256').update(`${root}/${id}/${position}`).digest('hex');
      count += 1;
    },
    root: () => root,
    saved: () => [root],
  };
}

const event = (id: string) => ({
  id, type: 'T', data: { id }, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 },
});

async function ids(store: EventStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { id } of store.readAll('start')) found.push(id);
  return found;
}

let root: string;
let store: string;
let backup: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'oort-backup-'));
  [store, backup] = [join(root, 'store'), join(root, 'backup')];
});
afterEach(() => { rmSync(root, { recursive: true, force: true }); });

async function filled(directory: string, appends: readonly (readonly string[])[], stream = 's-1'): Promise<void> {
  const opened = await openEmbeddedStore({ directory });
  for (const append of appends) await opened.append(stream, 'any', append.map(event));
  await opened.close();
}

async function idsIn(directory: string): Promise<string[]> {
  const opened = await openEmbeddedStore({ directory });
  const found = await ids(opened);
  await opened.close();
  return found;
}

function flipByte(directory: string, atText: string): number {
  const [file = ''] = readdirSync(join(directory, 'log'));
  const bytes = readFileSync(join(directory, 'log', file));
  const at = bytes.indexOf(atText);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(join(directory, 'log', file), bytes);
  return at;
}

describe('a backup', () => {
  test('taken again and again while 16 writers go on holds what was acknowledged before, and its restore has the same events', async () => {
    const writing = await openEmbeddedStore({ directory: store });
    const acknowledged: string[] = [];
    let going = true;
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let round = 0; going; round += 1) {
        const pair = [`${writer}-${round}-a`, `${writer}-${round}-b`];
        await writing.append(`w-${writer}`, 'any', pair.map(event));
        acknowledged.push(...pair);
      }
    });
    const copied: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const until = acknowledged.length + 500;
      while (acknowledged.length < until) await new Promise((resolve) => { setImmediate(resolve); });
      const before = [...acknowledged];
      const { events } = backUp(store, backup, chain);
      copied.push(events);
      expect(events).toBeGreaterThanOrEqual(before.length);
      expect(checkBackup(backup, chain).events).toBe(events);
    }
    going = false;
    await Promise.all(writers);
    const all = await ids(writing);
    await writing.close();
    restore(backup, join(root, 'restored'), chain);
    expect(await idsIn(join(root, 'restored'))).toEqual(all.slice(0, copied.at(-1)));
  });

  test('of nothing, then of what was added only', async () => {
    await filled(store, []);
    expect(backUp(store, backup, chain)).toMatchObject({ events: 0, added: 0 });
    await filled(store, [['1'], ['2', '3']]);
    expect(backUp(store, backup, chain)).toMatchObject({ events: 3, added: 3 });
    await filled(store, [['4']]);
    expect(backUp(store, backup, chain)).toMatchObject({ events: 4, added: 1 });
    expect(backUp(store, backup, chain)).toMatchObject({ events: 4, added: 0 });
  });

  test.each([[0, ['1']], [1, ['1']], [2, ['1', '2', '3']], [9, ['1', '2', '3', '4']]])('is restored up to position %d in whole appends', async (to, expected) => {
    await filled(store, [['1'], ['2', '3'], ['4']]);
    backUp(store, backup, chain);
    restore(backup, join(root, 'restored'), chain, to);
    expect(await idsIn(join(root, 'restored'))).toEqual(expected);
    await filled(join(root, 'restored'), [['next']]);
    expect(await idsIn(join(root, 'restored'))).toEqual([...expected, 'next']);
  });

  test('is refused over the copy of another log, where a store is, and when its own copy was changed', async () => {
    await filled(store, [['1'], ['2']]);
    backUp(store, backup, chain);
    await filled(join(root, 'other'), [['8'], ['9']]);
    expect(() => backUp(join(root, 'other'), backup, chain)).toThrow(expect.objectContaining({ code: 'BACKUP_REFUSED' }));
    expect(() => restore(backup, store, chain)).toThrow(expect.objectContaining({ code: 'BACKUP_REFUSED' }));
    expect(() => restore(join(root, 'none'), join(root, 'new'), chain)).toThrow(expect.objectContaining({ code: 'BACKUP_REFUSED' }));
    flipByte(backup, '"id":"2"');
    expect(() => checkBackup(backup, chain)).toThrow(expect.objectContaining({ code: expect.stringMatching(/LOG_DAMAGED|BACKUP_REFUSED/) as string }));
    expect(() => restore(backup, join(root, 'new'), chain)).toThrow();
  });
});

describe('a check', () => {
  const nothing = (): void => undefined;

  test('counts a store that holds, and is refused while somebody writes', async () => {
    await filled(store, [['1'], ['2', '3']]);
    await filled(store, [['4']], 'other-1');
    expect(await checkStore(store, nothing)).toEqual({ events: 4, streams: 2, indexed: 4 });
    const opened = await openEmbeddedStore({ directory: store });
    await expect(checkStore(store, nothing)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await opened.close();
  });

  test('names the file and the byte of a damaged record, which opening does not cut away either', async () => {
    await filled(store, [['1'], ['2'], ['3']]);
    const at = flipByte(store, '"id":"2"');
    await expect(checkStore(store, nothing)).rejects.toMatchObject({ code: 'LOG_DAMAGED', detail: { file: '00000000000000000000.log', byte: at - 10 } });
    rmSync(join(store, 'index'), { recursive: true });
    await expect(openEmbeddedStore({ directory: store })).rejects.toMatchObject({ code: 'STORE_BROKEN' });
  });

  test('finds an index that is not of this log', async () => {
    await filled(store, [['1'], ['2']], 's-1');
    await filled(join(root, 'other'), [['1'], ['2']], 's-2');
    rmSync(join(store, 'index'), { recursive: true });
    cpSync(join(root, 'other', 'index'), join(store, 'index'), { recursive: true });
    await expect(checkStore(store, nothing)).rejects.toMatchObject({ code: 'INDEX_DISAGREES' });
    rmSync(join(store, 'index'), { recursive: true });
    expect(await checkStore(store, nothing)).toEqual({ events: 2, streams: 1, indexed: 0 });
  });
});
