import { randomBytes } from 'node:crypto';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { challengeIndex, commitBytes, commitPiece, LeafHasher, leafBytes, pieceLeafBytes, openOrder, orderStatement, provePiece, verifyPieceProof, type Order } from './index';

describe('possession', () => {
  it.each([0, 1, 1023, 1024, 1025, 4096, 4097, 10_000, 100_000])('a piece of %i bytes proves each of its leaves', (size) => {
    const bytes = randomBytes(size);
    const commitment = commitPiece(bytes);
    for (let index = 0; index < commitment.leaves; index += 1) {
      expect(verifyPieceProof(commitment, index, provePiece(bytes, index))).toBe(true);
    }
  });

  it.each([[leafBytes, 0], [leafBytes, 5000], [leafBytes, 70_000], [pieceLeafBytes, 4096], [pieceLeafBytes, 100_001]])('hashes in parts as RFC 6962 does in one: leaves of %i, %i bytes', (size, length) => {
    const bytes = randomBytes(length);
    const leaves = Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, index) => leafHash(bytes.subarray(index * size, (index + 1) * size)));
    const hasher = new LeafHasher(size);
    for (let offset = 0; offset < length; offset += 777) hasher.update(bytes.subarray(offset, offset + 777));
    expect(hasher.digest()).toEqual({ root: merkleRoot(leaves).toString('hex'), leaves: leaves.length });
  });

  it.each([1, 1024, 1025, 4096, 4097, 50_000])('still proves a piece of %i bytes that was committed to in leaves of 1 KiB', (length) => {
    const bytes = randomBytes(length);
    const before = commitBytes(bytes);
    expect(commitPiece(bytes, before.leaves)).toEqual(before);
    for (let index = 0; index < before.leaves; index += 1) expect(verifyPieceProof(before, index, provePiece(bytes, index, before.leaves))).toBe(true);
  });

  it('refuses a flipped byte, another leaf, and a leaf beyond the end', () => {
    const bytes = randomBytes(20_000);
    const commitment = commitPiece(bytes);
    const rotten = Buffer.from(bytes);
    rotten.writeUInt8(rotten.readUInt8(9000) ^ 1, 9000);
    expect(verifyPieceProof(commitment, 2, provePiece(rotten, 2))).toBe(false);
    expect(verifyPieceProof(commitment, 2, provePiece(bytes, 3))).toBe(false);
    expect(verifyPieceProof(commitment, 5, provePiece(bytes, 5))).toBe(false);
  });

  it('draws every leaf about equally often, and the same leaf for the same seed', () => {
    const counts = [0, 0, 0, 0, 0];
    for (let draw = 0; draw < 5000; draw += 1) {
      const index = challengeIndex('seed', draw, 5);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(900);
    expect(challengeIndex('seed', 7, 1000)).toBe(challengeIndex('seed', 7, 1000));
  });
});

describe('orders', () => {
  const order: Order = { action: 'put', nodeId: 'node_1', pieceId: 'piece_1', accountId: 'account_1', maximumBytes: 10, expiresAt: '2026-01-01T00:00:00.000Z' };
  it('are read from what was signed', () => expect(openOrder(orderStatement(order))).toMatchObject(order));
  it.each(['', '{}', '[]', '{"statement":"oort/order/1","action":"burn"}'])('%j is none', (text) => {
    expect(openOrder(Buffer.from(text))).toBeNull();
  });
});
