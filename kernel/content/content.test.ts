import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentIdOf, diskContentStore } from './index';

test('the id is a CIDv1 as IPFS writes it: raw, SHA-256, base32', () => {
  expect(contentIdOf(Buffer.from('hello world'))).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e');
  expect(contentIdOf(Buffer.alloc(0))).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku');
});

describe('on disk', () => {
  const bytes = Buffer.from('hello world');
  const id = contentIdOf(bytes);
  let directory: string;
  beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'oort-content-')); });

  test('bytes come back by their id, from another instance too, and are kept once', async () => {
    const store = diskContentStore(directory);
    expect(await Promise.all([store.put(bytes), store.put(bytes)])).toEqual([id, id]);
    expect(await diskContentStore(directory).get(id)).toEqual(bytes);
    expect([await store.has(id), await store.has(contentIdOf(Buffer.from('x'))), await store.has('../../etc/passwd')]).toEqual([true, false, false]);
    expect(readdirSync(join(directory, 'incoming'))).toEqual([]);
  });

  test('what is not there and what was damaged are typed faults', async () => {
    const store = diskContentStore(directory);
    await expect(store.get(id)).rejects.toMatchObject({ code: 'CONTENT_MISSING', detail: { contentId: id } });
    await expect(store.get('../../etc/passwd')).rejects.toMatchObject({ code: 'CONTENT_MISSING' });
    await store.put(bytes);
    writeFileSync(join(directory, id.slice(-2), id), 'hello w0rld');
    await expect(store.get(id)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' });
  });
});
