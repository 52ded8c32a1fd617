// Rules 1, 4, 7 and 9 on a view.
import { zeroHash } from '@oort/ledger-chain';
import { StablePointRetreat } from './dag';
import { forkRoot, forkStatus } from './forks';
import { unsigned, witnessAddress, World } from './world';

test('rule 1 and 4: the trunk follows the highest witnessed level, then the highest level, then the lowest hash', () => {
  const world = new World();
  world.turns(3);
  const drafts = [world.draft(3), world.draft(0)].map(unsigned).sort((a, b) => (a.hash < b.hash ? -1 : 1));
  for (const draft of [...drafts].reverse()) world.take(draft);
  expect(world.dag.trunkTip.hash).toBe(drafts[0]!.hash);
  expect(world.dag.tips().map((tip) => tip.hash)).toEqual(drafts.map((draft) => draft.hash));
});

test('rule 7: MCIs become stable in turn, indices follow the order by level, then by hash', () => {
  const world = new World();
  world.turns(3);
  const [a, b] = [world.draft(3), world.draft(0)];
  world.take(a);
  world.take(b);
  const siblings = [unsigned(a), unsigned(b)].sort((x, y) => (x.hash < y.hash ? -1 : 1));
  const author = siblings[0]!.from === witnessAddress(3) ? [0, 1, 2, 3] : [1, 2, 3, 1];
  for (let at = 0; world.stable.length < 6; at += 1) {
    const seat = [0, 1, 2, 3].find((each) => world.judge(world.draft((author[at % 4]! + each) % 4)).kind === 'valid')!;
    world.write((author[at % 4]! + seat) % 4);
  }
  expect(world.stable.map((batch) => batch.mci)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(world.stable.map((batch) => batch.firstIndex)).toEqual([1, 2, 3, 4, 5, 7]);
  const fifth = world.stable[4]!.blocks.map((entry) => entry.hash);
  expect(fifth).toEqual([siblings[1]!.hash, world.stable[4]!.trunk]);
});

test('rule 4: a view that is shown another past than its final one halts', () => {
  const world = new World();
  const blocks = world.turns(8);
  const body = { ...blocks[0]!.block, parents: [world.genesis.hash], previous: zeroHash, links: [witnessAddress(5).padEnd(66, '0')] };
  const other = unsigned(body);
  world.dag.accept({ hash: other.hash, block: other, level: 1, witnessedLevel: 0, bestParent: world.genesis.hash });
  const high = unsigned({ ...body, parents: [other.hash], lastStableBlock: world.genesis.hash });
  expect(() => world.dag.accept({ hash: high.hash, block: high, level: 99, witnessedLevel: 97, bestParent: other.hash }))
    .toThrow(StablePointRetreat);
});

test('rule 9: the second stable block with a root is a fork, and so is what its author builds on it', () => {
  const world = new World();
  const own = world.turns(1)[0]!.block;
  const twin = unsigned({ ...own, timestamp: own.timestamp + 1 });
  const child = unsigned({ ...own, previous: twin.hash });
  const firstOf = (root: string): string | undefined => (root === forkRoot(own) ? own.hash : undefined);
  const forks = { firstOf, statusOf: (hash: string) => (hash === twin.hash ? 1 as const : 0 as const) };
  expect([own, twin, child].map((block) => forkStatus(block, forks))).toEqual([0, 1, 1]);
  expect(forkRoot(own)).toBe(forkRoot(twin));
});
