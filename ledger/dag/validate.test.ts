// OLYMPUS.md sections 2 and 3: one row per refusal, in the order of precedence. Each row spoils a valid block in one way.
import { zeroHash } from '@oort/ledger-chain';
import type { BlockBody } from '@oort/ledger-chain';
import { checkLastStable } from './citation';
import type { Entry } from './entry';
import type { BlockRefusal } from './refusals';
import { validateBlock } from './validate';
import { unsigned, witnessAddress, World } from './world';

type Code = BlockRefusal['code'];
const hash = (digit: number): string => `0x${digit.toString(16).padStart(64, 'f')}`;
const account = witnessAddress(99);

/** Nine blocks by witnesses 0, 1, 2, 3 in turn; the next is witness 1's, with the trunk's tip and its own last as parents. */
function ready(): { world: World; body: BlockBody; blocks: Entry[] } {
  const world = new World();
  const blocks = world.turns(9);
  for (let nonce = 0; nonce < 4; nonce += 1) world.transactions.set(hash(nonce), { from: account, nonce });
  world.transactions.set(hash(9), { from: witnessAddress(98), nonce: 0 });
  return { world, body: world.draft(1), blocks };
}

test('the block that the rows spoil is valid', () => {
  const { world, body } = ready();
  expect(body.parents).toHaveLength(2);
  expect(world.judge(body).kind).toBe('valid');
});

test.each<[Code, (ready: { world: World; body: BlockBody; blocks: Entry[] }) => BlockBody]>([
  ['PARENT_COUNT', ({ body }) => ({ ...body, parents: [] })],
  ['PARENT_COUNT', ({ body }) => ({ ...body, parents: Array.from({ length: 17 }, (_, digit) => hash(digit)) })],
  ['PARENTS_NOT_ASCENDING', ({ body }) => ({ ...body, parents: [...body.parents].reverse() })],
  ['PARENTS_NOT_ASCENDING', ({ body }) => ({ ...body, parents: [body.previous, body.previous] })],
  ['PREVIOUS_NOT_A_PARENT', ({ body }) => ({ ...body, parents: body.parents.filter((parent) => parent !== body.previous) })],
  ['TOO_MANY_LINKS', ({ body }) => ({ ...body, links: Array.from({ length: 4097 }, (_, digit) => hash(digit)) })],
  ['LINK_TWICE', ({ body }) => ({ ...body, links: [hash(0), hash(0)] })],
  ['TOO_MANY_APPROVES', ({ body }) => ({ ...body, approves: Array.from({ length: 4097 }, (_, digit) => hash(digit)) })],
  ['APPROVE_TWICE', ({ body }) => ({ ...body, approves: [hash(0), hash(0)] })],
  ['AUTHOR_NOT_A_WITNESS', ({ body, world }) => ({
    ...body, from: account, previous: zeroHash, parents: [world.dag.trunkTip.hash],
  })],
  ['PREVIOUS_OF_ANOTHER_AUTHOR', ({ body, world }) => ({ ...body, previous: world.dag.trunkTip.hash })],
  ['PARENT_IS_ANCESTOR_OF_PARENT', ({ body, blocks }) => ({ ...body, parents: [...body.parents, blocks[6]!.hash].sort() })],
  ['TIME_BELOW_PARENT', ({ body }) => ({ ...body, timestamp: body.timestamp - 1 })],
  ['TIME_TOO_FAR_AHEAD', ({ body, world }) => ({ ...body, timestamp: world.clock + 300 })],
  ['LINK_NONCES_NOT_ASCENDING', ({ body }) => ({ ...body, links: [hash(1), hash(0)] })],
  ['LINKS_OF_ACCOUNT_SCATTERED', ({ body }) => ({ ...body, links: [hash(0), hash(9), hash(1)] })],
  // Witness 0 wrote the tip and witness 3 the block below it.
  ['AUTHORS_NOT_DISTINCT', ({ world }) => world.draft(3)],
  ['LAST_STABLE_TOO_LOW', ({ body, blocks }) => ({ ...body, lastStableBlock: blocks[4]!.hash })],
  ['LAST_STABLE_TOO_HIGH', ({ body, blocks }) => ({ ...body, lastStableBlock: blocks[6]!.hash })],
  ['LAST_SUMMARY_BLOCK_WRONG', ({ body }) => ({ ...body, lastSummaryBlock: body.lastStableBlock })],
  ['LAST_SUMMARY_WRONG', ({ body }) => ({ ...body, lastSummary: hash(1) })],
])('%s', (code, spoil) => {
  const made = ready();
  expect(made.world.judge(spoil(made))).toMatchObject({ kind: 'invalid', refusal: { code } });
});

test.each([null, witnessAddress(2)])('SIGNATURE_NOT_OF_AUTHOR: signed by %s', (signer) => {
  const { world, body } = ready();
  expect(world.judge(body, signer)).toMatchObject({ kind: 'invalid', refusal: { code: 'SIGNATURE_NOT_OF_AUTHOR' } });
});

test('LAST_STABLE_OFF_PATH: two parents that contradict each other on what is final', () => {
  const { world, blocks } = ready();
  // A tip on another branch that cites a block of that branch: only more than W - m liars can make one.
  const fake = (at: Entry, author: number, lastStableBlock: string): Entry => {
    const block = unsigned({ ...at.block, from: witnessAddress(author), parents: [at.hash], lastStableBlock });
    const entry = { hash: block.hash, block, level: at.level + 1, witnessedLevel: at.level - 1, bestParent: at.hash };
    world.dag.accept(entry);
    return entry;
  };
  const other = fake(blocks[4]!, 3, blocks[0]!.hash);
  const parent = { ...other, block: { ...other.block, lastStableBlock: other.hash } };
  expect(checkLastStable(world.draft(1) as never, world.dag.trunkTip, [world.dag.trunkTip, parent], world.around))
    .toMatchObject({ refused: { code: 'LAST_STABLE_OFF_PATH' } });
});

test.each<[string, (ready: { world: World; body: BlockBody }) => BlockBody]>([
  ['block', ({ body }) => ({ ...body, parents: [...body.parents, hash(7)] })],
  ['approve', ({ body }) => ({ ...body, approves: [hash(8)] })],
  ['transaction', ({ body }) => ({ ...body, links: [hash(8)] })],
  ['time', ({ body, world }) => ({ ...body, timestamp: world.clock + 299 })],
  ['summary', ({ body, world }) => (world.unknownSummaries.add(body.lastSummaryBlock), body)],
])('a block waits for a %s (rule 12)', (kind, change) => {
  const made = ready();
  expect(made.world.judge(change(made))).toMatchObject({ kind: 'waits', waiting: { kind } });
});

test('APPROVES_NOT_TAKEN: on a chain without elections', () => {
  const { world, body } = ready();
  const { elections, ...parameters } = world.parameters;
  expect(elections).toBeDefined();
  const verdict = validateBlock(unsigned({ ...body, approves: [hash(0)] }), { ...world.around, parameters }, () => body.from);
  expect(verdict).toMatchObject({ kind: 'invalid', refusal: { code: 'APPROVES_NOT_TAKEN' } });
});

test('a block of an epoch whose election is not final yet waits for the summary that ends it', () => {
  const { world, body } = ready();
  const verdict = validateBlock(unsigned(body), { ...world.around, witnesses: () => undefined }, () => body.from);
  expect(verdict).toMatchObject({ kind: 'waits', waiting: { kind: 'summary' } });
});

test('an author alone is a majority where W is 1', () => {
  const world = new World(1);
  const blocks = world.turns(3);
  expect(blocks.map((entry) => entry.block.lastStableBlock)).toEqual([world.genesis.hash, blocks[0]!.hash, blocks[1]!.hash]);
});
