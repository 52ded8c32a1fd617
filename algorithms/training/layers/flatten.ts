import { sizeOf, withoutParameters, type LayerRule } from './layer';

export interface Flatten { readonly kind: 'flatten' }

export const flatten: LayerRule<Flatten> = {
  read: () => ({ kind: 'flatten' }),
  plan: (_, from) => ({ to: [sizeOf(from)], parameters: [] }),
  forward: ({ builder, planned, input }) => ({
    output: builder.op('Flatten', [input], { axis: 1 }),
    backward: (gradient) => withoutParameters(() => builder.op('Reshape', [gradient, builder.integers([-1, ...planned.from])])),
  }),
};
