// An invoice is a pure function of its usage and a version of the price book: same root, same version, same lines.
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { basisPointsOf, canonicalJson } from '@oort/kernel-wire';
import { divideHalfEven } from './half-even';
import type { BilledItem, PriceBook } from './price-book';

/** One record that an invoice bills, whole or in part (storage: the time in its period). */
export interface BilledUsage {
  readonly source: string;
  readonly id: string;
  readonly item: BilledItem;
  readonly quantity: bigint;
}

export interface InvoiceLine {
  readonly item: BilledItem;
  readonly quantity: bigint;
  readonly unit: string;
  readonly amountMicroUsd: bigint;
}

export interface RatedUsage {
  readonly usageRoot: string;
  readonly lines: readonly InvoiceLine[];
  readonly totalMicroUsd: bigint;
}

export interface Payable {
  readonly discountBasisPoints: number;
  readonly payableMicroUsd: bigint;
  readonly payableWei: bigint | null;
}

const weiPerOort = 10n ** 18n;

/** Rounds once a line. */
export function rate(usage: readonly BilledUsage[], book: PriceBook): RatedUsage {
  const sums = new Map<BilledItem, bigint>();
  for (const { item, quantity } of usage) sums.set(item, (sums.get(item) ?? 0n) + quantity);
  const lines = [...sums]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([item, quantity]) => {
      const { unit, microUsd, per } = book.prices[item];
      return { item, quantity, unit, amountMicroUsd: divideHalfEven(quantity * microUsd, per) };
    });
  return {
    usageRoot: usageRootOf(usage),
    lines,
    totalMicroUsd: lines.reduce((sum, { amountMicroUsd }) => sum + amountMicroUsd, 0n),
  };
}

/** RFC 6962 root over the records in the order of (source, id), so that it does not depend on how they were read. */
export function usageRootOf(usage: readonly BilledUsage[]): string {
  const texts = usage
    .map(({ source, id, item, quantity }) => canonicalJson([source, id, item, quantity.toString()]))
    .sort();
  return merkleRoot(texts.map((text) => leafHash(Buffer.from(text)))).toString('hex');
}

export function payableIn(
  currency: 'USD' | 'OORT',
  totalMicroUsd: bigint,
  discountBasisPoints: number,
  book: PriceBook,
): Payable {
  if (currency === 'USD')
    return { discountBasisPoints: 0, payableMicroUsd: totalMicroUsd, payableWei: null };
  const payableMicroUsd = totalMicroUsd - basisPointsOf(totalMicroUsd, discountBasisPoints);
  return {
    discountBasisPoints,
    payableMicroUsd,
    payableWei: divideHalfEven(payableMicroUsd * weiPerOort, book.oortMicroUsd),
  };
}

/** Wei beside an invoice's amount, as credits at the rate of its price book; rounded down. */
export function creditsForWei(wei: bigint, book: PriceBook): bigint {
  return (wei * book.oortMicroUsd) / weiPerOort;
}
