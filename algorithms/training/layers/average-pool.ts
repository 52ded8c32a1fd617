// The mean of each window; windows do not overlap, and what is left over at the far edges is not seen.
import { planWindows } from './max-pool';
import { withoutParameters, type LayerRule } from './layer';

export interface AveragePool { readonly kind: 'average-pool'; /** Window and stride. */ readonly size: number }

export const averagePool: LayerRule<AveragePool> = {
  read: (fields) => ({ kind: 'average-pool', size: fields.size('size') }),
  plan: ({ size }, from, name) => planWindows(size, from, name),
  forward: ({ builder, planned: { layer: { size }, from, to }, input }) => ({
    output: builder.op('AveragePool', [input], { kernel_shape: [size, size], strides: [size, size] }),
    // Every place of a window gets its share: the gradient is spread by repetition, and the edges get nothing.
    backward: (gradient) => withoutParameters(() => {
      const [channels = 0, rows = 0, columns = 0] = to;
      const share = builder.op('Mul', [gradient, builder.scalar(1 / (size * size))]);
      const apart = builder.op('Reshape', [share, builder.integers([-1, channels, rows, 1, columns, 1])]);
      const repeated = builder.op('Expand', [apart, builder.integers([1, 1, 1, size, 1, size])]);
      const whole = builder.op('Reshape', [repeated, builder.integers([-1, channels, rows * size, columns * size])]);
      return builder.op('Pad', [whole, builder.integers([0, 0, 0, 0, 0, 0, (from[1] ?? 0) - rows * size, (from[2] ?? 0) - columns * size])]);
    }),
  }),
};
