import { withoutParameters, type LayerRule } from './layer';

export interface Relu { readonly kind: 'relu' }

export const relu: LayerRule<Relu> = {
  read: () => ({ kind: 'relu' }),
  plan: (_, from) => ({ to: from, parameters: [] }),
  forward: ({ builder, input }) => {
    const output = builder.op('Relu', [input]);
    return {
      output,
      backward: (gradient) => withoutParameters(() =>
        builder.op('Mul', [gradient, builder.op('Cast', [builder.op('Greater', [output, builder.scalar(0)])], { to: 1 })])),
    };
  },
};
