// The bounded reader beside the log that keeps everything: the same roots and proofs at every size, out of memory and from the store again.
import { createHash } from 'node:crypto';
import { memoryStore } from '@oort/kernel-eventstore';
import { eventLeaf, MerkleLog, verifyInclusion } from '@oort/kernel-merkle';
import { EventIndex } from './event-index';
import { MerkleReader } from './merkle-reader';
import { SparseLog } from './sparse-log';

const leaf = (index: number): Buffer => createHash('sha256').update(String(index)).digest();

test.each([1, 2, 8])('a log that keeps blocks of %p leaves has the roots and proofs of one that keeps all', async (blockLeaves) => {
  const all = new MerkleLog();
  const sparse = new SparseLog(async (block) => Array.from({ length: blockLeaves }, (_, offset) => leaf(block * blockLeaves + offset)), blockLeaves);
  expect(sparse.rootNow()).toEqual(all.root());
  for (let size = 1; size <= 70; size += 1) {
    all.append(leaf(size - 1));
    sparse.append(leaf(size - 1));
    expect(sparse.rootNow()).toEqual(all.root());
  }
  for (let size = 1; size <= 70; size += 1) {
    expect(await sparse.root(size)).toEqual(all.root(size));
    for (let index = 0; index < size; index += 3) expect(await sparse.proof(index, size)).toEqual(all.proof(index, size));
  }
  expect(await sparse.leaf(33)).toEqual(leaf(33));
  await expect(sparse.proof(70, 70)).rejects.toMatchObject({ code: 'NOT_IN_TREE' });
});

test('a store that gives other events than before is found out', async () => {
  const sparse = new SparseLog(async () => [leaf(9), leaf(9)], 2);
  for (let index = 0; index < 40; index += 1) sparse.append(leaf(index));
  await expect(sparse.proof(0, 40)).rejects.toMatchObject({ code: 'LOG_CHANGED' });
});

test('every id is found, in memory and in runs on the disk, and others are not', async () => {
  const index = new EventIndex(16);
  for (let at = 0; at < 1_000; at += 1) await index.add(`event-${at}`, at);
  for (let at = 0; at < 1_000; at += 1) expect(index.find(`event-${at}`)).toEqual([at]);
  expect(index.find('event-1000')).toEqual([]);
  index.close();
});

test('an event of long ago is proven under the latest anchor', async () => {
  const store = memoryStore();
  const metadata = { actor: 'a', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  const all = new MerkleLog();
  for (let index = 0; index < 50; index += 1) await store.append('s', 'any', [{ id: `event-${index}`, type: 'T', data: { index }, metadata }]);
  for await (const event of store.readAll('start')) all.append(eventLeaf(event));
  const anchor = { treeSize: 45, root: all.root(45).toString('hex'), txHash: '0x01', blockHash: '0x02', blockNumber: 1 };
  await store.append('chain_calls', 'any', [{ id: 'anchor', type: 'LogAnchored', data: anchor, metadata }]);
  const reader = new MerkleReader(store, { blockLeaves: 4, mostInMemory: 8 });
  const stop = new AbortController();
  await reader.run(stop.signal, () => { stop.abort(); });
  for (const index of [0, 3, 4, 44]) {
    const proof = await reader.prove(`event-${index}`);
    expect(proof).toMatchObject({ index, treeSize: 45, root: anchor.root, path: all.proof(index, 45).map((each) => each.toString('hex')) });
    expect(verifyInclusion({
      index, size: 45, leaf: Buffer.from(proof?.leaf ?? '', 'hex'), proof: (proof?.path ?? []).map((each) => Buffer.from(each, 'hex')), root: Buffer.from(anchor.root, 'hex'),
    })).toBe(true);
  }
  expect(await reader.prove('event-47')).toBeNull();
  expect((await reader.proveAll(['event-7', 'event-30']))?.events.map(({ data }) => data)).toEqual([{ index: 7 }, { index: 30 }]);
});
