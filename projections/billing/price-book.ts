// What things cost. A version is never edited: an invoice names the version it was rated by, and anyone can rate it again.

export const billedItems = [
  'storage.standard',
  'storage.edge',
  'storage.archive',
  'bandwidth.egress',
  'compute.inference',
  'compute.training',
  'compute.evaluation',
  'compute.preprocess',
  'compute.container',
  'compute.refund',
  'inference.offline',
] as const;

export type BilledItem = (typeof billedItems)[number];

/** `microUsd` for every `per` units. */
export interface Price {
  readonly unit: string;
  readonly microUsd: bigint;
  readonly per: bigint;
}

export interface PriceBook {
  readonly version: string;
  /** Micro-dollars for one OORT, 10^18 wei. */
  readonly oortMicroUsd: bigint;
  /** Until governance decides otherwise. */
  readonly tokenDiscountBasisPoints: number;
  readonly prices: Readonly<Record<BilledItem, Price>>;
}

const terabyteMonth = 10n ** 12n * 30n * 86_400_000n;
/** Agreed when the job was quoted, so it is passed on as it is. */
const quoted: Price = { unit: 'micro-dollar', microUsd: 1n, per: 1n };
const stored = (microUsd: bigint): Price => ({
  unit: 'byte-millisecond',
  microUsd,
  per: terabyteMonth,
});

/** Storage at 6 dollars a terabyte and month: 26 % of S3 Standard's list price of 23. */
export const priceBook2026: PriceBook = {
  version: '2026-01',
  oortMicroUsd: 50_000n,
  tokenDiscountBasisPoints: 1000,
  prices: {
    'storage.standard': stored(6_000_000n),
    'storage.edge': stored(9_000_000n),
    'storage.archive': stored(1_000_000n),
    'bandwidth.egress': { unit: 'byte', microUsd: 10_000n, per: 10n ** 9n },
    'compute.inference': quoted,
    'compute.training': quoted,
    'compute.evaluation': quoted,
    'compute.preprocess': quoted,
    'compute.container': quoted,
    'compute.refund': quoted,
    'inference.offline': { unit: 'prediction', microUsd: 100n, per: 1n },
  },
};

export const priceBooks: Readonly<Record<string, PriceBook>> = {
  [priceBook2026.version]: priceBook2026,
};
