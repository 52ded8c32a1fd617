// Products of GF(2^8) over whole units, in WebAssembly with 128-bit vectors. A product with a constant is two look-ups in tables of
// sixteen entries, one for each half of the byte, and a vector instruction looks up sixteen bytes at once.
// Source: Plank, Greenan and Miller, "Screaming Fast Galois Field Arithmetic Using Intel SIMD Instructions", FAST 2013.
// The module is one function of forty instructions, so it is written out here; nothing is compiled at install.
import { multiply } from './field';

const pageBytes = 65_536;
const vectorBytes = 16;

/** Instructions of `add(target, source, end of source, tables)`, with three vectors as local variables. */
const body = [
  0x01, 0x03, 0x7b,
  // low = tables[0..16]; high = tables[16..32]
  0x20, 0x03, 0xfd, 0x00, 0x00, 0x00, 0x21, 0x04,
  0x20, 0x03, 0xfd, 0x00, 0x00, 0x10, 0x21, 0x05,
  0x03, 0x40,
  // bytes = *source
  0x20, 0x01, 0xfd, 0x00, 0x00, 0x00, 0x21, 0x06,
  // *target = *target ^ low[bytes & 15] ^ high[bytes >> 4]
  0x20, 0x00,
  0x20, 0x00, 0xfd, 0x00, 0x00, 0x00,
  0x20, 0x04, 0x20, 0x06, 0x41, 0x0f, 0xfd, 0x0f, 0xfd, 0x4e, 0xfd, 0x0e, 0xfd, 0x51,
  0x20, 0x05, 0x20, 0x06, 0x41, 0x04, 0xfd, 0x6d, 0xfd, 0x0e, 0xfd, 0x51,
  0xfd, 0x0b, 0x00, 0x00,
  // target += 16; source += 16; again while source < end
  0x20, 0x00, 0x41, 0x10, 0x6a, 0x21, 0x00,
  0x20, 0x01, 0x41, 0x10, 0x6a, 0x22, 0x01, 0x20, 0x02, 0x49, 0x0d, 0x00,
  0x0b, 0x0b,
];

/** WebAssembly binary format, version 1, with vector instructions. Sections: type, function, memory, export, code. */
const binary = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  // One function of four integers that gives nothing, and a memory of at least one page; both are exported.
  0x01, 0x08, 0x01, 0x60, 0x04, 0x7f, 0x7f, 0x7f, 0x7f, 0x00,
  0x03, 0x02, 0x01, 0x00,
  0x05, 0x03, 0x01, 0x00, 0x01,
  0x07, 0x0d, 0x02, 0x03, ...Buffer.from('add'), 0x00, 0x00, 0x03, ...Buffer.from('mem'), 0x02, 0x00,
  0x0a, body.length + 2, 0x01, body.length, ...body,
]);

interface Memory { readonly buffer: ArrayBuffer; grow(pages: number): number }
/** What is used of the engine's own interface; the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
};

interface Kernel { readonly memory: Memory; add(target: number, source: number, end: number, tables: number): void }

let instantiated: Kernel | null = null;

function kernel(): Kernel {
  if (instantiated === null) {
    const { mem, add } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
    instantiated = { memory: mem as Memory, add: add as Kernel['add'] };
  }
  return instantiated;
}

/** For each row of coefficients the sum of coefficient times source, byte by byte. Shapes: sources are equally long and as many as
 *  each row has coefficients. Cost: a pass over the sources for every row, at several GB per CPU-second. */
export function combine(rows: readonly (readonly number[])[], sources: readonly Uint8Array[]): readonly Buffer[] {
  const bytes = sources[0]?.length ?? 0;
  if (bytes === 0) return rows.map(() => Buffer.alloc(0));
  const stride = Math.ceil(bytes / vectorBytes) * vectorBytes;
  const tables = (sources.length + rows.length) * stride;
  const { memory, add } = kernel();
  const missing = tables + 2 * vectorBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  const view = new Uint8Array(memory.buffer);
  sources.forEach((source, index) => { view.set(source, index * stride); });
  return rows.map((row, index) => {
    const target = (sources.length + index) * stride;
    view.fill(0, target, target + stride);
    row.forEach((coefficient, place) => {
      if (coefficient === 0) return;
      view.set(tablesOf(coefficient), tables);
      add(target, place * stride, (place + 1) * stride, tables);
    });
    return Buffer.from(view.slice(target, target + bytes).buffer);
  });
}

const tablesByFactor = new Map<number, Uint8Array>();

/** Products of the factor with 0 to 15, then with 0, 16, 32 to 240. */
function tablesOf(factor: number): Uint8Array {
  const known = tablesByFactor.get(factor);
  if (known !== undefined) return known;
  const tables = Uint8Array.from({ length: 32 }, (_, entry) => multiply(factor, entry < 16 ? entry : (entry - 16) << 4));
  tablesByFactor.set(factor, tables);
  return tables;
}
