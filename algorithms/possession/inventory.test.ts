import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { challengedLeaves, challengeSeed, commitPiece, InventoryTree, provePiece, verifyInventoryAnswer, type InventoryAnswer, type InventoryPiece } from './index';

const held = new Map(Array.from({ length: 13 }, (_, index) => [`piece_${index}`, randomBytes(1 + index * 3000)] as [string, Buffer]));
const pieces: InventoryPiece[] = [...held].map(([pieceId, bytes]) => ({ pieceId, ...commitPiece(bytes) }));

function answer(tree: InventoryTree, index: number): InventoryAnswer {
  const found = tree.locate(index);
  if (found === null) throw new RangeError(`no leaf ${index}`);
  return { piece: found.piece, path: tree.pathOf(found.piece), proof: provePiece(held.get(found.piece.pieceId) ?? Buffer.alloc(0), found.leaf, found.piece.leaves) };
}

it('answers for every leaf of every number of pieces, and for no other leaf, root or sum', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 13 }), fc.nat(), (count, pick) => {
    const tree = new InventoryTree(pieces.slice(0, count));
    const { root, leaves } = tree;
    expect(leaves).toBe(pieces.slice(0, count).reduce((sum, piece) => sum + piece.leaves, 0));
    const index = pick % leaves;
    const given = answer(tree, index);
    expect(verifyInventoryAnswer({ root, leaves }, index, given)).toBe(true);
    expect(verifyInventoryAnswer({ root, leaves }, (index + 1) % leaves, given)).toBe(leaves === 1);
    expect(verifyInventoryAnswer({ root: '00'.repeat(32), leaves }, index, given)).toBe(false);
    expect(verifyInventoryAnswer({ root, leaves: leaves + 1 }, index, given)).toBe(false);
    expect(verifyInventoryAnswer({ root, leaves }, index, { ...given, piece: { ...given.piece, leaves: given.piece.leaves + 1 } })).toBe(false);
    const first = given.path[0];
    if (first !== undefined) expect(verifyInventoryAnswer({ root, leaves }, index, { ...given, path: [{ ...first, sum: first.sum + 1 }, ...given.path.slice(1)] })).toBe(false);
  }));
});

it('has the same root in whatever order pieces come, and another for other pieces', () => {
  const { root } = new InventoryTree(pieces);
  expect(new InventoryTree([...pieces].reverse()).root).toBe(root);
  expect(new InventoryTree(pieces.slice(1)).root).not.toBe(root);
  expect(new InventoryTree([])).toMatchObject({ leaves: 0 });
});

it('draws leaves that follow from the beacon, the node and the root', () => {
  const seed = challengeSeed('0xbeac', 'node_1', 'aa');
  expect(challengedLeaves(seed, 16, 1000)).toEqual(challengedLeaves(seed, 16, 1000));
  expect(challengedLeaves(challengeSeed('0xbeac', 'node_2', 'aa'), 16, 1000)).not.toEqual(challengedLeaves(seed, 16, 1000));
});
