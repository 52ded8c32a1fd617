// Seeded randomness: xoshiro128** (Blackman and Vigna 2018) seeded through SplitMix32-style mixing, so that any
// (seed, purpose, round, worker, step) has a stream of its own and a resumed job needs no saved generator.

export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /** Equal keys give equal streams; keys are 32-bit integers. */
  constructor(...keys: readonly number[]) {
    let mixed = 0x9e3779b9;
    for (const key of keys) mixed = mix32((mixed ^ (key | 0)) + 0x9e3779b9);
    this.a = mix32(mixed + 1);
    this.b = mix32(mixed + 2);
    this.c = mix32(mixed + 3);
    this.d = mix32(mixed + 4) | 1;
  }

  /** An unsigned 32-bit integer. */
  next(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.b, 5), 7), 9) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = rotateLeft(this.d, 11);
    return result;
  }

  /** In [0, 1). */
  uniform(): number {
    return this.next() / 0x1_0000_0000;
  }

  /** An integer in [0, bound). The bias is below 2^-20 for the bounds used here. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** 0 .. length - 1 in random order (Fisher and Yates, Durstenfeld 1964). */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, index) => index);
    for (let last = length - 1; last > 0; last -= 1) {
      const pick = this.below(last + 1);
      const held = order[last] ?? 0;
      order[last] = order[pick] ?? 0;
      order[pick] = held;
    }
    return order;
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** The finaliser of MurmurHash3 (Appleby). */
function mix32(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
