// The largest of each window; windows do not overlap, and what is left over at the far edges is not seen.
import { Fault } from '@oort/kernel-wire';
import { ArchitectureRefused, asImage, withoutParameters, type LayerRule, type Plan, type Shape } from './layer';

export interface MaxPool { readonly kind: 'max-pool'; /** Window and stride. */ readonly size: number }

export const maxPool: LayerRule<MaxPool> = {
  read: (fields) => ({ kind: 'max-pool', size: fields.size('size') }),
  plan: ({ size }, from, name) => planWindows(size, from, name),
  forward: ({ builder, planned: { layer, from }, input, batchSize }) => {
    const windows = { kernel_shape: [layer.size, layer.size], strides: [layer.size, layer.size] };
    const [output = '', places = ''] = builder.opWithOutputs('MaxPool', [input], 2, windows);
    return {
      output,
      backward: (gradient) => withoutParameters(() => {
        // MaxUnpool, unlike Reshape, is told the whole shape.
        if (batchSize === null) throw new Fault('BATCH_UNKNOWN', 'a gradient needs the size of the batch');
        return builder.op('MaxUnpool', [gradient, places, builder.integers([batchSize, ...from])], windows);
      }),
    };
  },
};

export function planWindows(size: number, from: Shape, name: string): Plan {
  const [channels, height, width] = asImage(from, name);
  if (size > height || size > width) throw new ArchitectureRefused(`${name}: the pooling window is larger than the image`);
  return { to: [channels, Math.floor(height / size), Math.floor(width / size)], parameters: [] };
}
