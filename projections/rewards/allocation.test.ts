import fc from 'fast-check';
import { allocate, largestRemainder, type EpochBasis } from './allocation';
import { uptimeOf } from './questions';

const sum = (values: readonly bigint[]): bigint => values.reduce((all, value) => all + value, 0n);
const basis: EpochBasis = {
  emissionWei: 1_001n, work: [], pools: new Map(), earnings: [], atOnceBasisPoints: 2_500, vestsUntil: '2027-01-01T00:00:00.000Z',
};

describe('largestRemainder', () => {
  it('gives every wei to somebody, and to nobody more than a wei above their share', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.array(fc.bigInt({ min: 0n, max: 10n ** 20n }), { minLength: 1, maxLength: 20 }), (total, weights) => {
      const parts = largestRemainder(total, weights);
      const all = sum(weights);
      expect(sum(parts)).toBe(all === 0n ? 0n : total);
      for (const [index, weight] of weights.entries()) {
        const over = (parts[index] ?? 0n) * all - total * weight;
        expect(all === 0n || (over < all && over > -all)).toBe(true);
      }
    }));
  });

  it('prefers the earlier of equals', () => {
    expect(largestRemainder(5n, [1n, 1n, 1n])).toEqual([2n, 2n, 1n]);
  });
});

describe('allocate', () => {
  it('weighs units by the square of trust and by uptime', () => {
    const grants = allocate({ ...basis, emissionWei: 500n, work: [
      { nodeId: 'n1', operator: '0xa', units: 10, trust: 1, uptime: 1 }, { nodeId: 'n2', operator: '0xb', units: 20, trust: 0.5, uptime: 0.5 },
    ] });
    expect(grants.map(({ address, amountWei, atOnceWei }) => [address, amountWei, atOnceWei])).toEqual([['0xa', '400', '100'], ['0xb', '100', '25']]);
  });

  it('gives delegators their part less the commission', () => {
    const pools = new Map([['0xa', { own: 100n, commissionBasisPoints: 1_000, delegations: [{ delegator: '0xd', amountWei: 200n }, { delegator: '0xe', amountWei: 100n }] }]]);
    const grants = allocate({ ...basis, emissionWei: 400n, pools, work: [{ nodeId: 'n1', operator: '0xa', units: 1, trust: 1, uptime: 1 }] });
    expect(grants.map(({ address, role, amountWei }) => [address, role, amountWei])).toEqual([['0xa', 'node', '130'], ['0xd', 'delegator', '180'], ['0xe', 'delegator', '90']]);
  });

  it('pays contributors as they earned, at once', () => {
    const earnings = [{ missionId: 'm', address: '0xc', amountWei: 3n }, { missionId: 'm', address: '0xc', amountWei: 4n }];
    expect(allocate({ ...basis, earnings })).toEqual([{ address: '0xc', role: 'contributor', source: 'm', amountWei: '7', atOnceWei: '7', vestsUntil: null }]);
  });

  it('accounts for every wei of the emission, whatever the stakes', () => {
    const stake = fc.record({ own: fc.bigInt({ min: 0n, max: 10n ** 22n }), commissionBasisPoints: fc.integer({ min: 0, max: 10_000 }), delegations: fc.array(fc.record({ delegator: fc.constantFrom('0x1', '0x2', '0x3'), amountWei: fc.bigInt({ min: 1n, max: 10n ** 21n }) })) });
    const node = fc.record({ nodeId: fc.constantFrom('n1', 'n2', 'n3'), operator: fc.constantFrom('0xa', '0xb'), units: fc.integer({ min: 1, max: 1e6 }), trust: fc.double({ min: 0.05, max: 1, noNaN: true }), uptime: fc.double({ min: 0.01, max: 1, noNaN: true }) });
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: 10n ** 22n }), fc.array(node, { minLength: 1 }), stake, (emissionWei, work, pool) => {
      const grants = allocate({ ...basis, emissionWei, work, pools: new Map([['0xa', pool]]) });
      expect(sum(grants.map(({ amountWei }) => BigInt(amountWei)))).toBe(emissionWei);
    }));
  });
});

it('uptime is the part of the time without absences, also those that began before or have not ended', () => {
  expect(uptimeOf([], 0, 100)).toBe(1);
  expect(uptimeOf([{ fromMs: '-50', untilMs: '10' }, { fromMs: '90', untilMs: null }], 0, 100)).toBe(0.8);
  expect(uptimeOf([{ fromMs: '0', untilMs: null }], 0, 100)).toBe(0);
});
