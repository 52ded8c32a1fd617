// The mean over all places: of an image one value a channel, of a sequence one vector.
import { ArchitectureRefused, sizeOf, withoutParameters, type LayerRule } from './layer';

export interface Mean { readonly kind: 'mean' }

export const mean: LayerRule<Mean> = {
  read: () => ({ kind: 'mean' }),
  plan: (_, from, name) => {
    const kept = from.length === 3 ? from[0] : from[1];
    if (kept === undefined) throw new ArchitectureRefused(`${name}: a mean needs an image or a sequence`);
    return { to: [kept], parameters: [] };
  },
  forward: ({ builder, planned: { from }, input }) => {
    const over = from.length === 3 ? [2, 3] : [1];
    const places = sizeOf(from.length === 3 ? from.slice(1) : from.slice(0, 1));
    return {
      output: builder.op('ReduceMean', [input], { axes: over, keepdims: 0 }),
      backward: (gradient) => withoutParameters(() => {
        const share = builder.op('Mul', [gradient, builder.scalar(1 / places)]);
        return builder.op('Expand', [builder.op('Unsqueeze', [share, builder.integers(over)]), builder.integers([1, ...from])]);
      }),
    };
  },
};
