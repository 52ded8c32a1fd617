import fc from 'fast-check';
import { memoryStore } from '@oort/kernel-eventstore';
import { consistencyProof, eventLeaf, inclusionProof, leafHash, MerkleLog, MerklePeaks, merkleRoot, nodeHash, verifyConsistency, verifyInclusion } from './index';

/** The leaves and roots of the test data in Google's Certificate Transparency repository, widely used for RFC 6962. */
const inputs = [
  '', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f',
].map((hex) => leafHash(Buffer.from(hex, 'hex')));
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const size = fc.integer({ min: 1, max: 70 });
const leavesOf = (count: number): Buffer[] => Array.from({ length: count }, (_, index) => leafHash(Buffer.from([index])));

/** MTH of RFC 6962 2.1, written as the RFC writes it. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] ?? Buffer.alloc(0);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(mth(leaves.slice(0, split)), mth(leaves.slice(split)));
}

test.each(roots.map((root, count) => [count, root] as const))('the known root of %i leaves', (count, root) => {
  expect(merkleRoot(inputs.slice(0, count)).toString('hex')).toBe(root);
});

test('roots are those of the definition, at every past size too', () => {
  const log = new MerkleLog();
  for (const leaf of leavesOf(70)) log.append(leaf);
  for (let count = 1; count <= 70; count += 1) {
    expect(log.root(count).equals(mth(leavesOf(count)))).toBe(true);
  }
});

test('every leaf has a proof, and none that fits another leaf, place, size or root', () => {
  fc.assert(fc.property(size, fc.nat(), fc.nat(), (count, pick, other) => {
    const leaves = leavesOf(count);
    const index = pick % count;
    const claim = { leaf: leaves[index] ?? Buffer.alloc(0), index, size: count, proof: inclusionProof(leaves, index), root: merkleRoot(leaves) };
    expect(verifyInclusion(claim)).toBe(true);
    expect(verifyInclusion({ ...claim, leaf: leafHash(Buffer.from('other')) })).toBe(false);
    expect(verifyInclusion({ ...claim, root: leafHash(Buffer.from('other')) })).toBe(false);
    expect(verifyInclusion({ ...claim, proof: [...claim.proof, claim.root] })).toBe(false);
    expect(verifyInclusion({ ...claim, index: count })).toBe(false);
    const elsewhere = other % count;
    if (elsewhere !== index) expect(verifyInclusion({ ...claim, index: elsewhere })).toBe(false);
  }));
});

test('a longer log is consistent with every shorter one of itself, and with no other', () => {
  fc.assert(fc.property(size, fc.nat(), (second, pick) => {
    const first = 1 + pick % second;
    const leaves = leavesOf(second);
    const claim = { first, second, firstRoot: merkleRoot(leaves.slice(0, first)), secondRoot: merkleRoot(leaves), proof: consistencyProof(leaves, first) };
    expect(verifyConsistency(claim)).toBe(true);
    expect(verifyConsistency({ ...claim, firstRoot: leafHash(Buffer.from('other')) })).toBe(false);
    expect(verifyConsistency({ ...claim, proof: [...claim.proof, claim.firstRoot] })).toBe(false);
    if (first < second) expect(verifyConsistency({ ...claim, secondRoot: claim.firstRoot })).toBe(false);
  }));
});

test('asking beyond the tree is a fault', () => {
  const log = new MerkleLog();
  log.append(leafHash(Buffer.from('one')));
  for (const ask of [() => log.root(2), () => log.proof(1), () => log.proof(-1), () => log.proof(0, 2), () => log.consistency(2)]) {
    expect(ask).toThrow(expect.objectContaining({ code: 'NOT_IN_TREE' }) as Error);
  }
});

test('the leaf of an event depends on everything but its position', async () => {
  const store = memoryStore();
  const metadata = { actor: 'a', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  await store.append('s-1', 'any', [{ id: '1', type: 'T', data: { b: 1, a: 2 }, metadata }]);
  for await (const event of store.read('s-1')) {
    const leaf = eventLeaf(event);
    expect(leaf).toEqual(leafHash(Buffer.from(
      '{"data":{"a":2,"b":1},"id":"1","metadata":{"actor":"a","causationId":"c","correlationId":"c",'
      + '"occurredAt":"2026-01-01T00:00:00.000Z","schemaVersion":1},"revision":"0","stream":"s-1","type":"T"}')));
    expect(eventLeaf({ ...event, position: 9n })).toEqual(leaf);
    expect(eventLeaf({ ...event, revision: 9n })).not.toEqual(leaf);
  }
});

test('the peaks have the root of the whole tree at every size, and go on from what was saved', () => {
  let peaks = MerklePeaks.empty();
  for (let count = 0; count <= 130; count += 1) {
    expect(peaks.root()).toEqual(merkleRoot(leavesOf(count)));
    peaks = MerklePeaks.from(JSON.parse(JSON.stringify(peaks.saved())) as string[], peaks.size);
    peaks.append(leafHash(Buffer.from([count])));
  }
});
