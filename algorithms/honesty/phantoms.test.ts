import { id } from 'ethers';
import { leafHash, merkleRoot, verifyInclusion } from '@oort/kernel-merkle';
import { phantomLeaf, phantomNode, phantomPath, phantomRoot, shutPhantom, unsentPhantoms, type OfficerSeat, type PublicEvent } from './index';

const seat: OfficerSeat = { chainId: 33n, court: `0x${'0c'.repeat(20)}`, period: 7n, officer: `0x${'0f'.repeat(20)}` };
const openings = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ task: id(name), expected: id(`${name}!`), salt: id(`${name}?`) }));
const leaves = openings.map((opening) => phantomLeaf(seat, opening));

it('binds a leaf to its officer, period, court and chain, and to all that is shown of it', () => {
  const [one] = openings as [typeof openings[number]];
  const others = [
    ...[{ chainId: 34n }, { court: seat.officer }, { period: 8n }, { officer: seat.court }].map((change) => phantomLeaf({ ...seat, ...change }, one)),
    ...[{ task: id('x') }, { expected: id('x') }, { salt: id('x') }].map((change) => phantomLeaf(seat, { ...one, ...change })),
  ];
  expect(new Set([leaves[0], ...others]).size).toBe(others.length + 1);
  expect(phantomLeaf({ ...seat, officer: seat.officer.toUpperCase().replace('X', 'x') }, one)).toBe(leaves[0]);
});

it('gives each leaf a path to the root', () => {
  const bytes = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex');
  expect(phantomRoot(leaves)).toBe(`0x${merkleRoot(leaves.map((leaf) => leafHash(bytes(leaf)))).toString('hex')}`);
  for (const [index, leaf] of leaves.entries()) {
    expect(verifyInclusion({ leaf: phantomNode(leaf), index, size: leaves.length, proof: phantomPath(leaves, index).map(bytes), root: bytes(phantomRoot(leaves)) })).toBe(true);
  }
});

describe('phantoms that were never sent', () => {
  const event = (type: string, data: Record<string, unknown>): PublicEvent => ({ type, position: '0', data });
  const shown = (officer = seat.officer, period = '7'): PublicEvent => event('ChainLogObserved', {
    contract: 'OfficerCourt', event: 'PhantomsShown',
    // The last one stayed shut.
    args: { period, officer, openings: openings.map((opening, index) => (index === 4 ? shutPhantom(leaves[4] ?? '') : opening)).map(({ task, expected, salt }) => [task, expected, salt]) },
  });
  const committed = (batchId: string): PublicEvent => event('BatchCommitted', { batchId });
  const opened = (batchId: string, ...sent: readonly number[]): PublicEvent => event('BatchOpened', {
    batchId, openings: sent.map((index) => ({ taskId: `job_${index}`, salt: '', expectedHash: leaves[index]?.slice(2) ?? null, isPhantom: true })),
  });

  it.each<[string, readonly PublicEvent[], readonly number[] | null]>([
    ['none of those in batches', [committed('1'), opened('1', 0, 1), shown(), committed('2'), opened('2', 2, 3)], []],
    ['the one in no batch', [committed('1'), opened('1', 0, 1), shown(), committed('2'), opened('2', 3)], [2]],
    ['all of who sent none', [shown(), committed('1'), opened('1')], [0, 1, 2, 3]],
    ['nothing that can be said while a batch is shut', [committed('1'), shown(), committed('2'), opened('2', 0, 1, 2, 3)], null],
    ['nothing before the batch that was gathered then is there', [committed('1'), opened('1', 0, 1, 2), shown()], null],
    ['nothing of a later batch that is shut', [shown(), committed('1'), opened('1', 0, 1, 2, 3), committed('2')], []],
    ['nothing of another officer', [shown(seat.court), committed('1'), opened('1')], null],
    ['nothing of another period', [shown(seat.officer, '8'), committed('1'), opened('1')], null],
    ['one that is in a batch as work', [shown(), committed('1'), opened('1', 1, 2, 3), event('BatchOpened', { batchId: '1', openings: [{ taskId: 'j', salt: '', expectedHash: leaves[0]?.slice(2), isPhantom: false }] })], [0]],
  ])('are %s', (_, feed, wanted) => {
    const found = unsentPhantoms(feed, seat);
    expect(found?.unsent ?? null).toEqual(wanted);
    if (found !== null) expect(found.leaves).toEqual(leaves);
  });
});
