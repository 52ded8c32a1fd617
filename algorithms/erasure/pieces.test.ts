import { createHash, randomBytes } from 'node:crypto';
import { codeFor, decodePieces, encodePieces, encodeStripe, pieceLength, rebuildPieces, TooFewPieces } from './index';

const unit = 64 * 1024;
const sizes = [65_537, 3 * unit, 3 * unit + 1, 1_000_003];

/** Every choice of k of n indices. */
function choices(n: number, k: number): number[][] {
  if (k === 0) return [[]];
  return Array.from({ length: n }, (_, first) => first)
    .flatMap((first) => choices(n - first - 1, k - 1).map((rest) => [first, ...rest.map((index) => index + first + 1)]));
}

describe('erasure coding', () => {
  it.each(sizes)('gives %i bytes back from every three of six pieces', (size) => {
    const data = randomBytes(size);
    const code = { k: 3, n: 6 };
    const pieces = encodePieces(data, code, unit);
    expect(pieces.map((piece) => piece.length)).toEqual(Array(6).fill(pieceLength(size, code, unit)));
    for (const chosen of choices(6, 3)) {
      const some = new Map(chosen.map((index) => [index, pieces[index] as Buffer]));
      expect(decodePieces(some, size, code, unit).equals(data)).toBe(true);
    }
  });

  it('is systematic: the first k pieces of one stripe are the data', () => {
    const data = randomBytes(3 * unit);
    expect(Buffer.concat(encodePieces(data, { k: 3, n: 6 }, unit).slice(0, 3)).equals(data)).toBe(true);
  });

  it.each([[6, 9], [10, 16], [16, 32]])('rebuilds every piece of %i of %i from the last k', (k, n) => {
    const data = randomBytes(300_001);
    const pieces = encodePieces(data, { k, n }, unit);
    const last = new Map(pieces.map((piece, index) => [index, piece] as const).slice(n - k));
    const rebuilt = rebuildPieces(last, Array.from({ length: n }, (_, index) => index), data.length, { k, n }, unit);
    expect([...rebuilt.values()].map(digest)).toEqual(pieces.map(digest));
  });

  // What is stored now must be read in years: parity as the first encoder of this project computed it.
  it.each([[3, 6, '752ff39b3056d2b0'], [6, 9, '00440617a0fb2fac'], [10, 16, '2a121f4c4b8dd164'], [16, 32, '3608d353e477a874']])('%i of %i has the parity that it always had', (k, n, expected) => {
    const data = Buffer.from(Array.from({ length: k * 1000 }, (_, index) => (index * index + 7 * index) & 255));
    expect(digest(Buffer.concat(encodeStripe(data, { k, n }, 1000).slice(k))).slice(0, 16)).toBe(expected);
  });

  it('keeps replicas as they are', () => {
    const data = Buffer.from('small');
    const pieces = encodePieces(data, { k: 1, n: 4 }, unit);
    expect(pieces.map(String)).toEqual(['small', 'small', 'small', 'small']);
    expect(decodePieces(new Map([[2, data]]), 5, { k: 1, n: 4 }, unit).toString()).toBe('small');
  });

  it('refuses fewer than k pieces', () => {
    const [first] = encodePieces(randomBytes(100_000), { k: 3, n: 6 }, unit);
    expect(() => decodePieces(new Map([[0, first as Buffer]]), 100_000, { k: 3, n: 6 }, unit)).toThrow(TooFewPieces);
  });
});

describe('the code for a network', () => {
  it.each([
    [1024, 3, 3, null], [1024, 4, 2, null], [1024, 4, 3, '1/4'], [65_536, 20, 20, '1/4'], [65_537, 5, 5, '1/4'], [65_537, 6, 6, '3/6'],
    [65_537, 6, 5, '3/6'], [65_537, 6, 4, '1/4'], [65_537, 6, 2, null], [65_537, 9, 8, '6/9'], [65_537, 19, 19, '6/9'], [65_537, 20, 15, '10/16'],
  ])('of %i bytes on %i nodes, %i of them reachable, is %s', (size, enrolled, reachable, expected) => {
    const plan = codeFor(size, enrolled, reachable);
    expect(plan === null ? null : `${plan.k}/${plan.n}`).toBe(expected);
  });
});

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
