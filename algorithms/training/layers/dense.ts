// Every unit sees the whole last dimension; on a sequence, the same units see each of its places.
import type { GraphBuilder } from '../graph-builder';
import { ArchitectureRefused, bias, weight, type Gradients, type LayerRule } from './layer';

export interface Dense { readonly kind: 'dense'; readonly units: number }

export const dense: LayerRule<Dense> = {
  read: (fields) => ({ kind: 'dense', units: fields.size('units') }),
  plan: ({ units }, from, name) => {
    const inputs = from.at(-1);
    if (inputs === undefined || from.length > 2) throw new ArchitectureRefused(`${name}: dense needs a flat input, or a sequence`);
    return { to: [...from.slice(0, -1), units], parameters: [weight(`${name}.weight`, [inputs, units], inputs), bias(`${name}.bias`, [units])] };
  },
  forward: ({ builder, planned: { layer, from, name }, input }) =>
    project(builder, { name, input, length: from.length === 2 ? from[0] ?? 0 : null, inputs: from.at(-1) ?? 0, units: layer.units }),
};

export interface Projection {
  readonly name: string;
  readonly input: string;
  /** Places of a sequence; null for a flat input. */
  readonly length: number | null;
  readonly inputs: number;
  readonly units: number;
}

/** `input` times `<name>.weight` plus `<name>.bias`. */
export function project(builder: GraphBuilder, { name, input, length, inputs, units }: Projection): { readonly output: string; backward(gradient: string): Gradients } {
  const [ofWeight, ofBias] = [`${name}.weight`, `${name}.bias`];
  // Gemm takes matrices: the places of all examples lie below one another.
  const inOneList = (value: string, width: number): string => (length === null ? value : builder.op('Reshape', [value, builder.integers([-1, width])]));
  const inPlaces = (value: string, width: number): string => (length === null ? value : builder.op('Reshape', [value, builder.integers([-1, length, width])]));
  const flat = inOneList(input, inputs);
  return {
    output: inPlaces(builder.op('Gemm', [flat, ofWeight, ofBias]), units),
    backward: (gradient) => {
      const own = inOneList(gradient, units);
      return {
        parameters: new Map([
          [ofWeight, builder.op('Gemm', [flat, own], { transA: 1 })],
          [ofBias, builder.op('ReduceSum', [own, builder.integers([0])], { keepdims: 0 })],
        ]),
        input: () => inPlaces(builder.op('Gemm', [own, ofWeight], { transB: 1 }), inputs),
      };
    },
  };
}
