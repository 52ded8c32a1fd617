// Hendrycks and Gimpel 2016: x times the share of a standard normal below x, exactly, by the error function.
import { withoutParameters, type LayerRule } from './layer';

export interface Gelu { readonly kind: 'gelu' }

export const gelu: LayerRule<Gelu> = {
  read: () => ({ kind: 'gelu' }),
  plan: (_, from) => ({ to: from, parameters: [] }),
  forward: ({ builder, input }) => {
    const erf = builder.op('Erf', [builder.op('Mul', [input, builder.scalar(Math.SQRT1_2)])]);
    const below = builder.op('Mul', [builder.op('Add', [erf, builder.scalar(1)]), builder.scalar(0.5)]);
    return {
      output: builder.op('Mul', [input, below]),
      // d/dx x P(x) = P(x) + x p(x), where p is the density.
      backward: (gradient) => withoutParameters(() => {
        const square = builder.op('Mul', [builder.op('Mul', [input, input]), builder.scalar(-0.5)]);
        const density = builder.op('Mul', [builder.op('Exp', [square]), builder.scalar(1 / Math.sqrt(2 * Math.PI))]);
        return builder.op('Mul', [gradient, builder.op('Add', [below, builder.op('Mul', [input, density])])]);
      }),
    };
  },
};
