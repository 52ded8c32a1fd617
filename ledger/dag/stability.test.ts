// Rule 5 on drawn graphs. W = 4, m = 3: one block of a witness of S on a competing branch blocks.
import { majorityOf } from '@oort/ledger-chain';
import type { Hash } from '@oort/ledger-chain';
import { bestOf, witnessedLevelOf } from './best-parent';
import type { Entry } from './entry';
import { blockingCount, provenStable } from './stability';
import { genesisEntry, witnessAddress, World } from './world';

class Sketch {
  readonly #entries = new Map<Hash, Entry>();
  readonly #names = new Map<Hash, string>();
  readonly #witnessCount: number;

  constructor(witnessCount = 4) {
    this.#witnessCount = witnessCount;
    this.#put('genesis', genesisEntry(new World(witnessCount).parameters));
  }

  /** "c3" on ["b2"]: witness c writes c3. Its citation is what the rule proves for it. */
  draw(name: string, parentNames: readonly string[]): this {
    const { parents, bestParent, author } = this.#seen(name, parentNames);
    const level = bestParent.level + 1;
    const lastStableBlock = provenStable({ author, parents, bestParent }, this.lookup, this.#witnessCount)?.hash ?? '';
    const block = { ...bestParent.block, hash: this.#hash(name), from: author, parents: parents.map(({ hash }) => hash), lastStableBlock };
    return this.#put(name, {
      hash: block.hash, block, level, witnessedLevel: witnessedLevelOf(level, this.#witnessCount), bestParent: bestParent.hash,
    });
  }

  line(names: string): this {
    const list = names.split(' ');
    for (const [index, name] of list.entries()) this.draw(name, [index === 0 ? 'genesis' : (list[index - 1] ?? '')]);
    return this;
  }

  /** What a next block `name` on these parents proves stable. */
  proves(name: string, parentNames: readonly string[]): string | undefined {
    const stable = provenStable(this.#seen(name, parentNames), this.lookup, this.#witnessCount);
    return stable === undefined ? undefined : this.#names.get(stable.hash);
  }

  readonly lookup = (hash: Hash): Entry | undefined => this.#entries.get(hash);

  #seen(name: string, parentNames: readonly string[]): { author: string; parents: Entry[]; bestParent: Entry } {
    const parents = parentNames.map((parent) => this.#entries.get(this.#hash(parent))!);
    return { author: witnessAddress(name.charCodeAt(0) - 97), parents, bestParent: bestOf(parents)! };
  }

  #put(name: string, entry: Entry): this {
    const hash = this.#hash(name);
    this.#entries.set(hash, { ...entry, hash });
    this.#names.set(hash, name);
    return this;
  }

  #hash(name: string): Hash {
    return name === 'genesis' ? `0x${'0'.repeat(64)}` : `0x${Buffer.from(name).toString('hex').padEnd(64, '0')}`;
  }
}

test.each([[1, 1, 1], [3, 3, 3], [4, 3, 1], [5, 4, 2], [7, 5, 1], [14, 10, 2]])(
  'W = %i: m = %i, and %i witnesses of a competing branch block', (witnessCount, majority, count) => {
    expect([majorityOf(witnessCount), blockingCount(witnessCount)]).toEqual([majority, count]);
    expect(3 * majority).toBeGreaterThan(2 * witnessCount);
  });

test('5a: without competition the block 2(m - 1) levels below is stable', () => {
  const sketch = new Sketch().line('a1 b2 c3 d4 a5 b6');
  expect(['a1', 'b2', 'c3', 'd4', 'a5', 'b6'].map((tip, index) => sketch.proves('cdabcd'.charAt(index) + 'x', [tip])))
    .toEqual(['genesis', 'genesis', 'genesis', 'a1', 'b2', 'c3']);
});

test('5c: a sibling of E by a witness of S blocks E, and all above it, while it is at or above the floor', () => {
  const sketch = new Sketch().line('a1 b2 c3 d4').draw('c2', ['a1']);
  // c2 stands at level 2: the next trunk block at level 5 has floor 1, below which nothing competes with a1.
  expect(sketch.proves('a5', ['d4', 'c2'])).toBe('a1');
  sketch.draw('a5', ['d4', 'c2']);
  // Level 6, floor 2: S is {b, a, d}; c is not in it, so c2 does not block b2.
  expect(sketch.proves('b6', ['a5'])).toBe('b2');
  // The same by c: S is {c, a, d}, and c2 blocks.
  expect(sketch.proves('c6', ['a5'])).toBe('a1');
});

test('5c: below the floor a branch competes no more', () => {
  const sketch = new Sketch().line('a1 b2 c3 d4').draw('c2', ['a1']).draw('a5', ['d4', 'c2']).draw('c6', ['a5']);
  expect(sketch.proves('b7', ['c6'])).toBe('c3');
});

test('5c: a branch that leaves above E has E on its own path and does not compete with it', () => {
  const sketch = new Sketch().line('a1 b2 c3 d4 a5').draw('b4', ['c3']);
  expect(sketch.proves('b6', ['a5', 'b4'])).toBe('b2');
});

test('what a parent cites stays stable, though the own walk proves less', () => {
  const sketch = new Sketch().line('a1 b2 c3 d4').draw('c2', ['a1']).draw('a5', ['d4', 'c2']).draw('b6', ['a5']);
  // b6 cites b2. d7 sees c2 again only below its floor; its own floor is 3.
  expect(sketch.proves('d7', ['b6'])).toBe('c3');
  expect(sketch.proves('c6', ['a5', 'b6'])).toBe('c3');
});

test('5b: parents that cite blocks of two branches prove nothing together', () => {
  const sketch = new Sketch(1).draw('a1', ['genesis']).draw('a2', ['a1']).draw('a3', ['a2']);
  sketch.draw('aa', ['genesis']).draw('ab', ['aa']);
  expect(sketch.proves('ax', ['a3', 'ab'])).toBeUndefined();
});

test('W = 3: a branch blocks with three witnesses of S, not with two', () => {
  const sketch = new Sketch(3).line('a1 b2 c3 a4 b5').draw('b1', ['genesis']).draw('c2', ['b1']);
  expect(sketch.proves('c6', ['b5', 'c2'])).toBe('b2');
  sketch.draw('a3', ['c2']);
  expect(sketch.proves('c6', ['b5', 'a3'])).toBe('b2');
  // One level less, and the whole branch stands above the floor.
  const lower = new Sketch(3).line('a1 b2 c3 a4').draw('b1', ['genesis']).draw('c2', ['b1']).draw('a3', ['c2']);
  expect(lower.proves('b5', ['a4', 'a3'])).toBe('genesis');
  expect(new Sketch(3).line('a1 b2 c3 a4').draw('b1', ['genesis']).draw('c2', ['b1']).proves('b5', ['a4', 'c2'])).toBe('a1');
});
