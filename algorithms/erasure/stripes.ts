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

/** Some bytes of one data piece. */
export interface UnitPart { readonly index: number; readonly from: number; readonly to: number }

/** Which bytes of which data pieces are those of the segment from `start` up to `end` (exclusive), in order. */
export function unitsAt(start: number, end: number, sizeBytes: number, code: Code, stripeUnitBytes: number): readonly UnitPart[] {
  return stripesOf(sizeBytes, code, stripeUnitBytes).flatMap(({ dataOffset, dataBytes, pieceOffset, unitBytes }) => {
    if (dataOffset + dataBytes <= start || dataOffset >= end) return [];
    return Array.from({ length: code.k }, (_, index) => {
      const unit = dataOffset + index * unitBytes;
      return { index, from: pieceOffset + Math.max(0, start - unit), to: pieceOffset + Math.min(unitBytes, end - unit) };
    }).filter(({ from, to }) => to > from);
  });
}
