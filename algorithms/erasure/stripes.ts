import type { Code } from './code';

/** One stripe: k units of data, n - k of parity. */
export interface Stripe {
  /** Where its data starts in the segment, and its unit in each piece. */
  readonly dataOffset: number;
  readonly pieceOffset: number;
  readonly unitBytes: number;
  /** Bytes of data in it; the rest up to k units is zeros. */
  readonly dataBytes: number;
}

/** How a segment is cut. All stripes have full units but the last, whose unit shrinks so that a short segment is not padded to k units. */
export function stripesOf(sizeBytes: number, code: Code, stripeUnitBytes: number): readonly Stripe[] {
  const stripes: Stripe[] = [];
  let pieceOffset = 0;
  for (let dataOffset = 0; dataOffset < sizeBytes;) {
    const dataBytes = Math.min(sizeBytes - dataOffset, code.k * stripeUnitBytes);
    const unitBytes = Math.ceil(dataBytes / code.k);
    stripes.push({ dataOffset, pieceOffset, unitBytes, dataBytes });
    dataOffset += dataBytes;
    pieceOffset += unitBytes;
  }
  return stripes;
}

/** Bytes of every piece of a segment. */
export function pieceLength(sizeBytes: number, code: Code, stripeUnitBytes: number): number {
  const full = Math.floor(sizeBytes / (code.k * stripeUnitBytes));
  const rest = sizeBytes - full * code.k * stripeUnitBytes;
  return full * stripeUnitBytes + Math.ceil(rest / code.k);
}
