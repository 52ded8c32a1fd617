// Ba, Kiros and Hinton 2016: each example, at each place of a sequence, by its own mean and variance over the last dimension.
import { ArchitectureRefused, axes, bias, scale, type LayerRule } from './layer';
import { normalise } from './normalise';

export interface LayerNorm { readonly kind: 'layer-norm' }

export const layerNorm: LayerRule<LayerNorm> = {
  read: () => ({ kind: 'layer-norm' }),
  plan: (_, from, name) => {
    const width = from.at(-1);
    if (width === undefined || from.length > 2) throw new ArchitectureRefused(`${name}: layer-norm needs a flat input or a sequence`);
    return { to: from, parameters: [scale(`${name}.scale`, [width]), bias(`${name}.bias`, [width])] };
  },
  forward: ({ builder, planned: { from, name }, input }) => {
    const normal = normalise(builder, input, [from.length]);
    const before = builder.integers(axes(from.length));
    const sum = (value: string): string => builder.op('ReduceSum', [value, before], { keepdims: 0 });
    return {
      output: builder.op('Add', [builder.op('Mul', [normal.output, `${name}.scale`]), `${name}.bias`]),
      backward: (gradient) => ({
        parameters: new Map([[`${name}.scale`, sum(builder.op('Mul', [gradient, normal.output]))], [`${name}.bias`, sum(gradient)]]),
        input: () => normal.backward(builder.op('Mul', [gradient, `${name}.scale`])),
      }),
    };
  },
};
