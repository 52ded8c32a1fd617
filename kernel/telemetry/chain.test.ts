import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { link, type ChainHead, type ChainPlace, type Link, type Notice } from './index';

type Placed = ChainPlace & { readonly hash: string };

/** Of a node that sealed so many, all different from those with another salt. */
function sealed(count: number, epoch = 1, salt = ''): readonly Placed[] {
  const chain: Placed[] = [];
  for (let sequence = 0; sequence < count; sequence += 1) {
    const previousHash = chain.at(-1)?.hash ?? null;
    chain.push({ epoch, epochReason: epoch === 1 ? 'first' : 'disk-lost', sequence, previousHash, hash: createHash('sha256').update(`${epoch} ${sequence} ${salt} ${String(previousHash)}`).digest('hex') });
  }
  return chain;
}

const at = (chain: readonly Placed[], sequence: number): Placed => {
  const one = chain[sequence];
  if (one === undefined) throw new RangeError(`no ${sequence}`);
  return one;
};

/** What came of each: its notices, or why it did not count. */
function fate(arrivals: readonly Placed[]): readonly (string | readonly Notice[])[] {
  let head: ChainHead = [];
  return arrivals.map((envelope) => {
    const next: Link = link(head, envelope);
    if (next.kind === 'accepted') head = next.head;
    return next.kind === 'accepted' ? next.notices : next.kind === 'refused' ? next.rejection : next.kind;
  });
}

describe('a chain', () => {
  const chain = sealed(10);
  const other = sealed(10, 1, 'other');
  const again = sealed(3, 2);

  it.each<[string, readonly Placed[], readonly (string | readonly Notice[])[]]>([
    ['in order', [at(chain, 0), at(chain, 1), at(chain, 2)], [[], [], []]],
    ['delivered twice', [at(chain, 0), at(chain, 1), at(chain, 1), at(chain, 0)], [[], [], 'redelivered', 'redelivered']],
    ['a gap', [at(chain, 0), at(chain, 3)], [[], [{ kind: 'gap', from: 1, to: 2 }]]],
    ['a gap that is filled, once', [at(chain, 0), at(chain, 3), at(chain, 2), at(chain, 1), at(chain, 2), at(chain, 4)],
      [[], [{ kind: 'gap', from: 1, to: 2 }], [{ kind: 'late', sequence: 2 }], [{ kind: 'late', sequence: 1 }], 'redelivered', []]],
    ['a fork of the last', [at(chain, 0), at(chain, 1), at(other, 1)], [[], [], 'forked']],
    ['a fork of the next', [at(chain, 0), at(chain, 1), at(other, 2)], [[], [], 'forked']],
    ['a fork at the ends of a gap', [at(chain, 0), at(chain, 4), at(other, 1), at(other, 3)], [[], [{ kind: 'gap', from: 1, to: 3 }], 'forked', 'forked']],
    ['a consumer that comes later', [at(chain, 5), at(chain, 6), at(chain, 4)], [[{ kind: 'joined', sequence: 5 }], [], [{ kind: 'late', sequence: 4 }]]],
    ['a new epoch', [at(chain, 0), at(chain, 1), at(again, 0), at(again, 1)], [[], [], [{ kind: 'epoch', reason: 'disk-lost', endedAt: 1 }], []]],
    ['a new epoch whose beginning is missing', [at(chain, 0), at(again, 1)], [[], [{ kind: 'epoch', reason: 'disk-lost', endedAt: 0 }, { kind: 'gap', from: 0, to: 0 }]]],
    ['what was missing of the old epoch, late', [at(chain, 0), at(chain, 2), at(again, 0), at(chain, 1), at(chain, 1)],
      [[], [{ kind: 'gap', from: 1, to: 1 }], [{ kind: 'epoch', reason: 'disk-lost', endedAt: 2 }], [{ kind: 'late', sequence: 1 }], 'redelivered']],
    ['an epoch that nobody knew, from before', [at(again, 0), at(chain, 0)], [[], 'stale-epoch']],
  ])('%s', (_, arrivals, expected) => {
    expect(fate(arrivals)).toEqual(expected);
  });

  it('counts each envelope exactly once, whatever the order and the repetitions', () => {
    fc.assert(fc.property(fc.shuffledSubarray([...chain.keys()], { minLength: chain.length }), fc.array(fc.nat(9), { maxLength: 30 }), (order, extra) => {
      const arrivals = [...order.flatMap((n, index) => [n, extra[index] ?? n]), ...extra].map((n) => at(chain, n));
      const counted = fate(arrivals).flatMap((one, index) => (typeof one === 'string' ? [] : [arrivals[index]?.sequence ?? -1]));
      expect(counted.sort((a, b) => a - b)).toEqual([...chain.keys()]);
    }));
  });

  it('never counts two different envelopes of one place', () => {
    fc.assert(fc.property(fc.array(fc.record({ n: fc.nat(9), forged: fc.boolean() }), { maxLength: 40 }), (arrivals) => {
      const placed = arrivals.map(({ n, forged }) => at(forged ? other : chain, n));
      const counted = fate(placed).flatMap((one, index) => (typeof one === 'string' ? [] : [placed[index]?.sequence ?? -1]));
      expect(new Set(counted).size).toBe(counted.length);
    }));
  });

  it('remembers 64 gaps, and says of what came before them that it is too late', () => {
    const long = sealed(200);
    const even = long.filter(({ sequence }) => sequence % 2 === 0);
    const fates = fate([...even, at(long, 1), at(long, 199)]);
    expect(fates.slice(-2)).toEqual(['too-late', []]);
  });
});
