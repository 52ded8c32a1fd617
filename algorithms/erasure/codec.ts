// Encoding runs in wasm. Decoding is ours: the package's `reconstruct` frees the flags that it was handed and then fails at every
// second call. The generator matrix is read off the encoder, one unit vector at a time, so the two cannot disagree.
import { readFileSync } from 'node:fs';
import { Fault } from '@oort/kernel-wire';
import { ReedSolomonErasure } from '@subspace/reed-solomon-erasure.wasm';
import type { Code } from './code';
import { addScaled, invertMatrix } from './field';

export class ErasureFault extends Fault {
  constructor(reason: string) { super('ERASURE_FAULT', reason); }
}

let codec: ReedSolomonErasure | null = null;

/** The module is compiled at first use: 2 ms, and processes that only verify never pay it. */
function reedSolomon(): ReedSolomonErasure {
  codec ??= ReedSolomonErasure.fromBytes(
    readFileSync(require.resolve('@subspace/reed-solomon-erasure.wasm/dist/reed_solomon_erasure_bg.wasm')));
  return codec;
}

/** Fills units k to n-1 of `shards` from units 0 to k-1; all units are equally long. */
export function encodeUnits(shards: Uint8Array, { k, n }: Code): void {
  const result = reedSolomon().encode(shards, k, n - k);
  if (result !== ReedSolomonErasure.RESULT_OK) throw new ErasureFault(`the encoder answered ${result}`);
}

/** What unit `index` of a code is made of: its coefficients of the k data units. */
function generatorRows({ k, n }: Code): readonly (readonly number[])[] {
  const columns = Array.from({ length: k }, (_, column) => {
    const shards = new Uint8Array(n);
    shards[column] = 1;
    encodeUnits(shards, { k, n });
    return shards;
  });
  return Array.from({ length: n }, (_, row) => columns.map((column) => column[row] ?? 0));
}

/** For each lost data unit, its coefficients of the units that are here. */
export interface Recovery { readonly from: readonly number[]; readonly lost: ReadonlyMap<number, readonly number[]> }

/** `present` holds at least k indices; the first k of them are used, data units first. */
export function recoveryOf(present: readonly number[], code: Code): Recovery {
  const from = [...present].sort((a, b) => a - b).slice(0, code.k);
  const rows = generatorRows(code);
  const inverted = invertMatrix(from.map((index) => rows[index] ?? []));
  if (inverted === null) throw new ErasureFault('these pieces do not determine the data');
  const indices = Array.from({ length: code.k }, (_, index) => index);
  return { from, lost: new Map(indices.filter((index) => !from.includes(index)).map((index) => [index, inverted[index] ?? []])) };
}

/** One lost unit. Cost: k look-ups a byte. */
export function recoverUnit(target: Uint8Array, coefficients: readonly number[], units: readonly Uint8Array[]): void {
  target.fill(0);
  units.forEach((unit, place) => addScaled(target, unit, coefficients[place] ?? 0));
}
