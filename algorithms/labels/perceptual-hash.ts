// Difference hash: N. Krawetz, "Kind of Like That" (2013). A 9 x 8 thumbnail, one bit for each pixel brighter than its right neighbour.

/** 64 bits as 16 hex digits. `luminance` is row by row, 0 to 255. */
export function differenceHash(
  luminance: ArrayLike<number>,
  width: number,
  height: number,
): string {
  let bits = 0n;
  for (let row = 0; row < 8; row += 1) {
    for (let column = 0; column < 8; column += 1) {
      const left = cell(luminance, width, height, column, row);
      const right = cell(luminance, width, height, column + 1, row);
      bits = (bits << 1n) | (left > right ? 1n : 0n);
    }
  }
  return bits.toString(16).padStart(16, '0');
}

/** Of the 64 bits, how many differ. */
export function hammingDistance(left: string, right: string): number {
  let difference = BigInt(`0x${left}`) ^ BigInt(`0x${right}`);
  let count = 0;
  for (; difference > 0n; difference &= difference - 1n) count += 1;
  return count;
}

/** Mean over the pixels that the cell covers, at least one. */
function cell(
  luminance: ArrayLike<number>,
  width: number,
  height: number,
  column: number,
  row: number,
): number {
  const left = Math.floor((column * width) / 9);
  const right = Math.max(left + 1, Math.floor(((column + 1) * width) / 9));
  const top = Math.floor((row * height) / 8);
  const bottom = Math.max(top + 1, Math.floor(((row + 1) * height) / 8));
  let sum = 0;
  for (let y = top; y < bottom; y += 1)
    for (let x = left; x < right; x += 1) sum += luminance[y * width + x] ?? 0;
  return sum / ((right - left) * (bottom - top));
}
