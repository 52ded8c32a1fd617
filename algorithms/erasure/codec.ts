// The generator matrix and what follows from it: parity from data, and any unit from any k others.
import { Fault } from '@oort/kernel-wire';
import type { Code } from './code';
import { invertMatrix, multiply, power } from './field';
import { combine } from './region';

export class ErasureFault extends Fault {
  constructor(reason: string) { super('ERASURE_FAULT', reason); }
}

type Matrix = readonly (readonly number[])[];

const generators = new Map<string, Matrix>();

/** What each unit is made of: its coefficients of the k data units. A Vandermonde matrix, brought to the form whose first k rows
 *  change nothing, so that any k rows still determine the data (Plank 1997, with the correction of 2003). */
function generatorOf({ k, n }: Code): Matrix {
  const id = `${k}/${n}`;
  const known = generators.get(id);
  if (known !== undefined) return known;
  const vandermonde = Array.from({ length: n }, (_, row) => Array.from({ length: k }, (_unused, column) => power(row, column)));
  const top = invertMatrix(vandermonde.slice(0, k));
  if (top === null || n > 256) throw new ErasureFault(`there is no code of ${k} of ${n}`);
  const generator = product(vandermonde, top);
  generators.set(id, generator);
  return generator;
}

function product(left: Matrix, right: Matrix): Matrix {
  return left.map((row) => right.map((_, column) => row.reduce((sum, value, place) => sum ^ multiply(value, right[place]?.[column] ?? 0), 0)));
}

/** Units k to n-1 from units 0 to k-1; all are equally long. With k = 1 they are the data again. */
export function parityUnits(data: readonly Uint8Array[], code: Code): readonly Buffer[] {
  return combine(generatorOf(code).slice(code.k), data);
}

/** How units that are not here follow from k that are. */
export interface Recovery { readonly from: readonly number[]; readonly rows: Matrix }

/** `present` holds at least k indices, of which the first k are used, data units first. */
export function recoveryOf(present: readonly number[], wanted: readonly number[], code: Code): Recovery {
  const from = [...present].sort((a, b) => a - b).slice(0, code.k);
  const generator = generatorOf(code);
  const inverted = invertMatrix(from.map((index) => generator[index] ?? []));
  if (inverted === null) throw new ErasureFault('these pieces do not determine the data');
  return { from, rows: product(wanted.map((index) => generator[index] ?? []), inverted) };
}
