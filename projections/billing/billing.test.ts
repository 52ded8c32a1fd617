import { sumOf, invoicePostings, paymentPostings, reversed, topUpPostings } from './postings';
import {
  creditsForWei,
  divideHalfEven,
  payableIn,
  priceBook2026,
  rate,
  usageRootOf,
  type BilledUsage,
} from './index';

const usage: readonly BilledUsage[] = [
  { source: 'urn:oort:log', id: 'a', item: 'compute.inference', quantity: 1_500n },
  { source: 'urn:oort:log', id: 'b', item: 'compute.inference', quantity: 500n },
  { source: 'urn:oort:log', id: 'c', item: 'inference.offline', quantity: 30n },
  { source: 'urn:oort:log', id: 'd', item: 'compute.refund', quantity: -500n },
];

describe('divideHalfEven', () => {
  it.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [8n, 3n, 3n],
    [7n, 3n, 2n],
    [0n, 9n, 0n],
    [5n, -2n, -2n],
  ])('%d / %d = %d', (numerator, denominator, quotient) =>
    expect(divideHalfEven(numerator, denominator)).toBe(quotient),
  );
});

describe('rate', () => {
  it('adds up what is alike, prices it by the book and rounds once a line', () => {
    expect(rate(usage, priceBook2026)).toEqual({
      usageRoot: usageRootOf(usage),
      totalMicroUsd: 4_500n,
      lines: [
        {
          item: 'compute.inference',
          quantity: 2_000n,
          unit: 'micro-dollar',
          amountMicroUsd: 2_000n,
        },
        { item: 'compute.refund', quantity: -500n, unit: 'micro-dollar', amountMicroUsd: -500n },
        { item: 'inference.offline', quantity: 30n, unit: 'prediction', amountMicroUsd: 3_000n },
      ],
    });
  });

  it('gives the same invoice however the usage was read', () => {
    expect(rate([...usage].reverse(), priceBook2026)).toEqual(rate(usage, priceBook2026));
    expect(usageRootOf(usage.slice(1))).not.toBe(usageRootOf(usage));
  });

  it('charges a terabyte for thirty days as the book says', () => {
    const stored: BilledUsage = {
      source: 's',
      id: 'x',
      item: 'storage.standard',
      quantity: 10n ** 12n * 30n * 86_400_000n,
    };
    expect(rate([stored], priceBook2026).totalMicroUsd).toBe(6_000_000n);
  });
});

describe('payableIn', () => {
  it('discounts OORT only', () => {
    expect(payableIn('USD', 10_000n, 1000, priceBook2026)).toEqual({
      discountBasisPoints: 0,
      payableMicroUsd: 10_000n,
      payableWei: null,
    });
    expect(payableIn('OORT', 10_000n, 1000, priceBook2026)).toEqual({
      discountBasisPoints: 1000,
      payableMicroUsd: 9_000n,
      payableWei: 180_000_000_000_000_000n,
    });
    expect(creditsForWei(180_000_000_000_000_000n, priceBook2026)).toBe(9_000n);
  });
});

describe('postings', () => {
  const invoice = {
    accountId: 'account_1',
    totalMicroUsd: 10_000n,
    payableMicroUsd: 9_000n,
    lines: [
      { item: 'compute.inference', amountMicroUsd: 10_500n },
      { item: 'compute.refund', amountMicroUsd: -500n },
    ],
  };

  it('sum to zero, every journal', () => {
    for (const postings of [
      topUpPostings('account_1', 'test-card', 5n),
      invoicePostings(invoice),
      paymentPostings(invoice, 'oort'),
      reversed(invoicePostings(invoice)),
    ]) {
      expect(sumOf(postings)).toBe(0n);
    }
  });

  it('book the discount against revenue and leave revenue whole', () => {
    expect(invoicePostings(invoice)).toEqual([
      { account: 'receivable:account_1', amountMicroUsd: 9_000n },
      { account: 'contra-revenue:token-discount', amountMicroUsd: 1_000n },
      { account: 'revenue:compute.inference', amountMicroUsd: -10_500n },
      { account: 'revenue:compute.refund', amountMicroUsd: 500n },
    ]);
  });
});
