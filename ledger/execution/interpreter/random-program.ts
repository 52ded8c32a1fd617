// Programs that are mostly sensible and sometimes not: each statement pushes what an instruction takes, and now and then something else stands there.
import type { TransactionLike } from 'ethers';

type Hardfork = 'shanghai' | 'cancun';
export interface RandomScene { readonly codes: readonly string[]; readonly slots: readonly number[]; readonly tx: TransactionLike }

const hex = (value: number | bigint, bytes = 1): string => value.toString(16).padStart(2 * bytes, '0');
const [pushed, stored, swept] = ['60', '55', '50'];

/** By instruction: how many items it takes, and whether it leaves one. */
const takes: readonly (readonly [op: number, takes: number, leaves: boolean])[] = [
  ...[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d].map((op) => [op, 2, true] as const),
  [0x08, 3, true], [0x09, 3, true], [0x15, 1, true], [0x19, 1, true], [0x35, 1, true], [0x54, 1, true],
  ...[0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x58, 0x59, 0x5a, 0x5f].map((op) => [op, 0, true] as const),
];

export function random(seed: number, contracts: readonly string[]): { scene(hardfork: Hardfork): RandomScene } {
  let state = seed;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  };
  const push = (value: bigint): string => {
    const digits = value.toString(16);
    const bytes = Math.ceil(digits.length / 2);
    return `${hex(0x5f + bytes)}${digits.padStart(2 * bytes, '0')}`;
  };
  const small = (): string => `${pushed}${hex(below(96))}`;
  const address = (): string => push(BigInt(pick([...contracts, ...contracts, `0x${'ab'.repeat(20)}`, '0x02'])));
  const any = (): string => pick([
    small, small, small, address,
    () => push(pick([2n ** 256n - 1n, 2n ** 255n, 2n ** 128n + 3n, 2n ** 63n, 0xffn, 0x100n])),
    () => push(BigInt(`0x${Array.from({ length: 32 }, () => hex(below(256))).join('')}`)),
  ])();
  const times = (count: number, make: () => string): string => Array.from({ length: count }, make).join('');
  const area = (): string => `${small()}${small()}`;
  const call = (): string => {
    const op = pick([0xf1, 0xf1, 0xf4, 0xfa]);
    const value = op === 0xf1 ? pick([() => '5f', () => '5f', small])() : '';
    const gas = pick([() => '5a', () => '5a', () => push(BigInt(below(60_000))), any])();
    return `${area()}${area()}${value}${address()}${gas}${hex(op)}${pick([`${small()}${stored}`, swept])}`;
  };
  const statement = (hardfork: Hardfork): string => pick<() => string>([
    () => {
      const [op, count, leaves] = pick(takes);
      return `${times(count, any)}${hex(op)}${leaves ? pick([`${small()}${stored}`, `${small()}52`, swept, '']) : ''}`;
    },
    () => `${pick([any, small])()}${pushed}${hex(below(6))}${stored}`,
    () => `${pick([any, small])()}${pushed}${hex(below(6))}${stored}`,
    () => `${any()}${small()}${pick(['52', '53'])}`,
    () => `${small()}51${pushed}${hex(below(6))}${stored}`,
    () => `${area()}20${pushed}${hex(below(6))}${stored}`,
    () => `${times(3, small)}${pick(['37', '39', '3e', hardfork === 'cancun' ? '5e' : '37'])}`,
    () => (hardfork === 'cancun' ? pick([`${any()}${small()}5d`, `${small()}5c${small()}${stored}`]) : ''),
    () => `${address()}${pick(['31', '3b', '3f'])}${small()}${stored}`,
    () => `${times(3, small)}${address()}3c`,
    () => { const topics = below(5); return `${times(topics, any)}${small()}${small()}${hex(0xa0 + topics)}`; },
    () => `${times(1 + below(16), small)}${hex(0x80 + below(16))}${hex(0x90 + below(16))}`,
    call, call, call,
  ])();
  /** A block that is skipped, or not: the place behind it is known because pushes of places are two bytes long. */
  const skipped = (at: number, hardfork: Hardfork): string => {
    const body = statement(hardfork);
    return `${small()}61${hex(at + 2 + 3 + 1 + body.length / 2, 2)}57${body}5b`;
  };
  const end = (): string => pick([() => '00', () => `${area()}f3`, () => `${area()}fd`, () => 'fe', () => '', () => hex(below(256)), () => '5f56', () => any().concat('56')])();
  const program = (hardfork: Hardfork): string => {
    let code = '5b';
    for (let count = 2 + below(10); count > 0; count -= 1) {
      code += below(5) === 0 ? skipped(code.length / 2, hardfork) : statement(hardfork);
      if (below(60) === 0) code += hex(below(256));
    }
    return `0x${code}${pick([() => '00', () => `${area()}f3`, end])()}`;
  };
  return {
    scene: (hardfork) => ({
      codes: contracts.map(() => program(hardfork)),
      slots: Array.from({ length: below(5) }, (_, slot) => slot),
      tx: {
        to: pick([...contracts, `0x${'ab'.repeat(20)}`]), value: BigInt(pick([0, 0, 7])), gasLimit: BigInt(pick([30_000, 60_000, 120_000, 300_000])),
        data: `0x${times(below(80), () => hex(below(3) === 0 ? 0 : below(256)))}`,
      },
    }),
  };
}
