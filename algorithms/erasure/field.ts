// GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), the field of most Reed-Solomon storage codes.
// Source: Plank, "A Tutorial on Reed-Solomon Coding for Fault-Tolerance in RAID-like Systems", 1997.
const polynomial = 0x11d;

const exponents = new Uint8Array(510);
const logarithms = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power += 1) {
  exponents[power] = value;
  exponents[power + 255] = value;
  logarithms[value] = power;
  value <<= 1;
  if (value > 255) value ^= polynomial;
}

export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return exponents[(logarithms[a] ?? 0) + (logarithms[b] ?? 0)] ?? 0;
}

/** Shapes: a is not 0. */
export function inverse(a: number): number {
  return exponents[255 - (logarithms[a] ?? 0)] ?? 0;
}

/** a to the power of b; 0 to the power of 0 is 1. */
export function power(a: number, b: number): number {
  if (b === 0) return 1;
  return a === 0 ? 0 : exponents[((logarithms[a] ?? 0) * b) % 255] ?? 0;
}

/** Gauss and Jordan. Null when the matrix has no inverse, which no k rows of a Reed-Solomon code can be. */
export function invertMatrix(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] | null {
  const size = matrix.length;
  const rows = matrix.map((row, index) => [...row, ...Array.from({ length: size }, (_, column) => (column === index ? 1 : 0))]);
  for (let column = 0; column < size; column += 1) {
    const at = rows.findIndex((row, index) => index >= column && row[column] !== 0);
    const pivot = rows[at];
    if (pivot === undefined) return null;
    rows.splice(at, 1);
    const scale = inverse(pivot[column] ?? 0);
    const scaled = pivot.map((value) => multiply(value, scale));
    rows.splice(column, 0, scaled);
    rows.forEach((row, index) => {
      const factor = row[column] ?? 0;
      if (index === column || factor === 0) return;
      rows[index] = row.map((value, place) => value ^ multiply(factor, scaled[place] ?? 0));
    });
  }
  return rows.map((row) => row.slice(size));
}
