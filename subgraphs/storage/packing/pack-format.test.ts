import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { newId } from '@oort/kernel-wire';
import { encodePieces, unitsAt } from '@oort/algorithms-erasure';
import { commitPiece, doubtInPlace, isPackable, leavesOfEntry, provePiece } from '@oort/algorithms-possession';
import { encodePack, PackDamaged, readIndex, segmentIn } from './pack-format';
import { batchesOf, usualRule } from './rule';

const segments = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 90 }).map((all) => all.map((bytes) => ({ segmentId: newId('segment'), sealed: Buffer.from(bytes) })));

it('a pack tells what lies in it, wherever its units went', () => {
  fc.assert(fc.property(segments, fc.constantFrom({ k: 3, n: 6 }, { k: 6, n: 9 }, { k: 1, n: 4 }), fc.constantFrom(64, 1_000, 32_768), (given, code, stripeUnitBytes) => {
    const { bytes, entries } = encodePack(given);
    expect(readIndex(bytes)).toEqual(entries);
    const pieces = encodePieces(bytes, code, stripeUnitBytes);
    const pack = { sizeBytes: bytes.length, ...code, stripeUnitBytes, pieces: pieces.map((piece, index) => ({ index, sizeBytes: piece.length, ...commitPiece(piece) })) };
    for (const [ordinal, { segmentId, sealed }] of given.entries()) {
      const { offset = 0, sizeBytes = 0 } = entries[ordinal] ?? {};
      expect(isPackable(segmentId)).toBe(true);
      expect(segmentIn(bytes, ordinal, segmentId)?.equals(sealed)).toBe(true);
      expect(segmentIn(bytes, ordinal, newId('segment'))).toBeNull();
      const units = unitsAt(offset, offset + sizeBytes, bytes.length, code, stripeUnitBytes).map(({ index, from, to }) => pieces[index]?.subarray(from, to) ?? Buffer.alloc(0));
      expect(Buffer.concat(units).equals(sealed)).toBe(true);
      const proofs = leavesOfEntry(pack, ordinal)?.map(({ piece, leaf }) => ({ piece, proof: provePiece(pieces[piece] ?? Buffer.alloc(0), leaf) })) ?? [];
      const place = { segmentId, offset, sizeBytes, sha256: entries[ordinal]?.sha256 ?? '', ordinal, proofs };
      expect(doubtInPlace(place, pack)).toBeNull();
      expect(doubtInPlace({ ...place, offset: offset + 1, sizeBytes: Math.max(0, sizeBytes - 1) }, pack)).not.toBeNull();
    }
  }), { numRuns: 60 });
});

it('a pack that is cut, longer or has another index is none; a flipped bit of a segment is found', () => {
  const { bytes, entries } = encodePack([{ segmentId: newId('segment'), sealed: randomBytes(100) }, { segmentId: newId('segment'), sealed: randomBytes(50) }]);
  const flipped = (at: number): Buffer => { const other = Buffer.from(bytes); other.writeUInt8(other.readUInt8(at) ^ 1, at); return other; };
  for (const spoilt of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)]), flipped(0), flipped(7), flipped(64 + 19), flipped(64 + 23), Buffer.alloc(10)]) {
    expect(() => readIndex(spoilt)).toThrow(PackDamaged);
  }
  expect(segmentIn(flipped(bytes.length - 1), 1, entries[1]?.segmentId ?? '')).toBeNull();
  expect(segmentIn(flipped(bytes.length - 1), 0, entries[0]?.segmentId ?? '')).not.toBeNull();
});

it('batches are full, keep the order, lose nothing, and what waits too long goes with who is there', () => {
  const now = new Date('2026-06-02T00:00:00Z');
  const loose = fc.array(fc.record({ sizeBytes: fc.integer({ min: 16, max: 65_552 }), hours: fc.integer({ min: 1, max: 40 }) }), { maxLength: 200 });
  fc.assert(fc.property(loose, (given) => {
    const rule = { ...usualRule, packBytes: 500_000, mostSegments: 20 };
    const all = given.map(({ sizeBytes, hours }, index) => ({
      segmentId: `segment_${index}`, versionId: 'v', bucket: 'b', key: 'k', packId: null, sizeBytes, storedAt: new Date(now.getTime() - hours * 3_600_000).toISOString() }));
    const { batches, rest } = batchesOf(all, rule, now);
    expect([...batches.flat(), ...rest]).toEqual(all);
    const bytesOf = (batch: readonly { readonly sizeBytes: number }[]): number => batch.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const batch of batches.slice(0, -1)) expect(bytesOf(batch) >= rule.packBytes || batch.length === rule.mostSegments).toBe(true);
    for (const batch of batches) expect(bytesOf(batch) < rule.packBytes + 65_552 && batch.length <= rule.mostSegments).toBe(true);
    if (rest.some(({ storedAt }) => now.getTime() - Date.parse(storedAt) >= 25 * 3_600_000)) expect(bytesOf(rest)).toBeLessThan(rule.leastBytes);
  }));
});
