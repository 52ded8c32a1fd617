// What both normalisations share: (x - mean) / deviation over some axes, and its gradient.
import type { GraphBuilder } from '../graph-builder';

/** Added to the variance, as everywhere. */
export const epsilon = 1e-5;

export interface Normalised { readonly output: string; readonly mean: string; readonly variance: string; backward(gradient: string): string }

/** `over` keep their places with size 1 in mean and variance. */
export function normalise(builder: GraphBuilder, input: string, over: readonly number[]): Normalised {
  const averaged = (value: string): string => builder.op('ReduceMean', [value], { axes: over, keepdims: 1 });
  const mean = averaged(input);
  const centred = builder.op('Sub', [input, mean]);
  const variance = averaged(builder.op('Mul', [centred, centred]));
  const deviation = builder.op('Sqrt', [builder.op('Add', [variance, builder.scalar(epsilon)])]);
  const output = builder.op('Div', [centred, deviation]);
  return {
    output, mean, variance,
    // Ioffe and Szegedy 2015, section 3, gathered: (g - mean(g) - y mean(g y)) / deviation.
    backward: (gradient) => {
      const along = builder.op('Mul', [output, averaged(builder.op('Mul', [gradient, output]))]);
      return builder.op('Div', [builder.op('Sub', [builder.op('Sub', [gradient, averaged(gradient)]), along]), deviation]);
    },
  };
}
