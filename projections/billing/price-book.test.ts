import { priceBook2026 } from './index';

/** Amazon S3's list prices in US East, of the first and dearest tier, in micro-dollars: docs/PRICES.md has the source. */
const s3 = { standardTerabyteMonth: 23_000_000, egressTerabyte: 90_000_000 };

test('STANDARD costs at most 40 % of S3 Standard, and egress too', () => {
  const { prices } = priceBook2026;
  expect(Number(prices['storage.standard'].microUsd) / s3.standardTerabyteMonth).toBeLessThanOrEqual(0.4);
  const { microUsd, per } = prices['bandwidth.egress'];
  expect((Number(microUsd) * 1e12) / Number(per) / s3.egressTerabyte).toBeLessThanOrEqual(0.4);
});
