import { RLP } from '@ethereumjs/rlp';
import { MalformedRlp, readList } from './rlp-list';
import type { Item } from './rlp-list';

const seed = 20261123;
let state = seed;
function below(bound: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor(state / 2 ** 32 * bound);
}

function random(depth: number): Item {
  if (depth > 0 && below(3) === 0) return Array.from({ length: below(5) }, () => random(depth - 1));
  const length = [0, 1, 1, 2, 20, 32, 55, 56, 57, 300][below(10)] ?? 0;
  return Uint8Array.from({ length }, () => below(256));
}

const plain = (item: Item): unknown => (item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item.map(plain));

test(`lists are read as the library reads them, whole or damaged (seed ${seed})`, () => {
  for (let round = 0; round < 2000; round += 1) {
    const list = Array.from({ length: below(6) }, () => random(3));
    const wire = RLP.encode(list as never);
    expect(plain(readList(wire))).toEqual(plain(list));
    const damaged = Uint8Array.from(below(2) === 0 ? wire.subarray(0, below(wire.length)) : wire);
    damaged[below(damaged.length)] = below(256);
    let read: readonly Item[] | null;
    try {
      read = readList(damaged);
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedRlp);
      continue;
    }
    // What was taken is the one way to write it.
    expect(Buffer.from(RLP.encode(read as never)).equals(damaged)).toBe(true);
  }
});
