// OLYMPUS.md sections 2 and 3 at their limits: the last that is taken, beside the first that is not (validate.test.ts has a row per rule).
import { zeroHash } from '@oort/ledger-chain';
import type { Block, BlockBody, Hash } from '@oort/ledger-chain';
import { Holding } from './holding';
import type { BlockRefusal, Waiting } from './refusals';
import { checkShape } from './shape';
import { unsigned, witnessAddress, World } from './world';

const hash = (number: number): Hash => `0x5${number.toString(16).padStart(63, '0')}`;
const hashes = (count: number): Hash[] => Array.from({ length: count }, (_, number) => hash(number));

/** Nine blocks by witnesses 0, 1, 2, 3 in turn; the next is witness 1's. */
function ready(): { world: World; body: BlockBody } {
  const world = new World();
  world.turns(9);
  world.clock = Math.max(world.clock, world.dag.trunkTip.block.timestamp);
  for (let number = 0; number < 4097; number += 1) world.transactions.set(hash(number), { from: witnessAddress(99), nonce: number });
  world.transactions.set(hash(5000), { from: witnessAddress(98), nonce: 0 });
  world.transactions.set(hash(5001), { from: witnessAddress(99), nonce: 0 });
  return { world, body: world.draft(1) };
}

type Outcome = 'valid' | BlockRefusal['code'] | `waits for ${Waiting['kind']}`;

function outcomeOf(world: World, body: BlockBody): Outcome {
  const verdict = world.judge(body);
  switch (verdict.kind) {
    case 'valid': return 'valid';
    case 'invalid': return verdict.refusal.code;
    case 'waits': return `waits for ${verdict.waiting.kind}`;
  }
}

test.each<[Outcome, string, (ready: { world: World; body: BlockBody }) => BlockBody]>([
  ['valid', '4096 links', ({ body }) => ({ ...body, links: hashes(4096) })],
  ['TOO_MANY_LINKS', '4097 links', ({ body }) => ({ ...body, links: hashes(4097) })],
  ['valid', 'two accounts, each together', ({ body }) => ({ ...body, links: [hash(0), hash(1), hash(5000)] })],
  ['valid', 'nonces that ascend with a gap: the gap is judged by what is linked below', ({ body }) => ({ ...body, links: [hash(0), hash(7)] })],
  ['LINK_NONCES_NOT_ASCENDING', 'one nonce twice', ({ body }) => ({ ...body, links: [hash(0), hash(5001)] })],
  ['LINKS_OF_ACCOUNT_SCATTERED', 'an account again behind another', ({ body }) => ({ ...body, links: [hash(0), hash(5000), hash(1)] })],
  ['valid', 'the time of its parent', ({ body, world }) => ({ ...body, timestamp: world.dag.trunkTip.block.timestamp })],
  ['valid', 'the time of the clock', ({ body, world }) => ({ ...body, timestamp: world.clock })],
  ['waits for time', 'a second ahead of the clock', ({ body, world }) => ({ ...body, timestamp: world.clock + 1 })],
  ['waits for time', '299 s ahead', ({ body, world }) => ({ ...body, timestamp: world.clock + 299 })],
  ['TIME_TOO_FAR_AHEAD', '300 s ahead', ({ body, world }) => ({ ...body, timestamp: world.clock + 300 })],
  ['valid', 'a second first block: a fork is valid, and found out by its status', ({ body, world }) => ({ ...body, previous: zeroHash, parents: [world.dag.trunkTip.hash] })],
  // Authors going down: 0, 3, 2, 1, ... and m is 3.
  ['valid', 'an author whose last block is the third below', ({ world }) => world.draft(2)],
  ['AUTHORS_NOT_DISTINCT', 'the author of the second below', ({ world }) => world.draft(3)],
  ['AUTHORS_NOT_DISTINCT', 'the author of the tip', ({ world, body }) => ({ ...body, from: witnessAddress(0), previous: world.dag.trunkTip.hash, parents: [world.dag.trunkTip.hash] })],
  ['AUTHOR_NOT_A_WITNESS', 'a stranger who links what nobody has: nothing is asked for', ({ body, world }) => ({
    ...body, from: witnessAddress(77), previous: zeroHash, parents: [world.dag.trunkTip.hash], links: [hash(7000)], approves: [hash(7001)],
  })],
  ['LAST_STABLE_TOO_HIGH', 'a citation of a block that nobody has: none of its ancestors, so nothing to wait for', ({ body }) => ({ ...body, lastStableBlock: hash(6000) })],
  ['LAST_STABLE_TOO_HIGH', 'a citation of its own parent', ({ body, world }) => ({ ...body, lastStableBlock: world.dag.trunkTip.hash })],
  ['LAST_STABLE_TOO_LOW', 'a citation of genesis', ({ body, world }) => ({ ...body, lastStableBlock: world.genesis.hash })],
  ['LAST_SUMMARY_BLOCK_WRONG', 'the summary of genesis', ({ body, world }) => ({ ...body, lastSummaryBlock: world.genesis.hash })],
])('%s: %s', (outcome, _name, change) => {
  const made = ready();
  expect(outcomeOf(made.world, change(made))).toBe(outcome);
});

test.each<[number, number, number, BlockRefusal['code'] | null]>([
  [1, 0, 0, null], [16, 4096, 4096, null], [0, 0, 0, 'PARENT_COUNT'], [17, 0, 0, 'PARENT_COUNT'], [1, 4097, 0, 'TOO_MANY_LINKS'], [1, 0, 4097, 'TOO_MANY_APPROVES'],
])('%i parents, %i links, %i approves: %s', (parents, links, approves, code) => {
  const { world, body } = ready();
  const block = unsigned({ ...body, previous: zeroHash, parents: hashes(parents), links: hashes(links), approves: hashes(approves) });
  expect(checkShape(block, world.parameters)?.code ?? null).toBe(code);
});

describe('blocks that wait are bounded', () => {
  const block = (number: number, links: number): Block => ({ ...unsigned({ ...ready().body, links: hashes(links) }), hash: hash(number) });
  const held = (bounds: { blocks: number; hashes: number }, blocks: readonly Block[]): number[] => {
    const holding = new Holding(bounds);
    for (const each of blocks) holding.hold(each, { kind: 'block', hash: hash(9999) });
    return blocks.flatMap((each, number) => (holding.has(each.hash) ? [number] : []));
  };

  test('by their number: the oldest gives way', () => {
    expect(held({ blocks: 2, hashes: 1000 }, [0, 1, 2].map((number) => block(number, 0)))).toEqual([1, 2]);
  });

  test('by what they name: a large one makes room for itself', () => {
    expect(held({ blocks: 10, hashes: 100 }, [block(0, 40), block(1, 40), block(2, 40)])).toEqual([1, 2]);
    expect(held({ blocks: 10, hashes: 100 }, [block(0, 10), block(1, 10), block(2, 90)])).toEqual([2]);
  });

  test('one that is let go frees its room', () => {
    const holding = new Holding({ blocks: 10, hashes: 100 });
    for (let round = 0; round < 5; round += 1) {
      holding.hold(block(round, 90), { kind: 'block', hash: hash(9999) });
      expect(holding.release(() => true)).toHaveLength(1);
    }
    expect(holding.size).toBe(0);
    for (const number of [7, 8]) holding.hold(block(number, 40), { kind: 'block', hash: hash(9999) });
    expect(holding.size).toBe(2);
  });
});
