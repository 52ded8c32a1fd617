import { asImage, ArchitectureRefused, bias, weight, type LayerRule } from './layer';

export interface Convolution { readonly kind: 'conv2d'; readonly filters: number; readonly kernel: number; readonly stride: number; readonly padding: number }

const swapped = { perm: [1, 0, 2, 3] };

export const convolution: LayerRule<Convolution> = {
  read: (fields) => ({
    kind: 'conv2d', filters: fields.size('filters'), kernel: fields.size('kernel'), stride: fields.size('stride', 1), padding: fields.padding('padding'),
  }),
  plan: ({ filters, kernel, stride, padding }, from, name) => {
    const [channels, height, width] = asImage(from, name);
    const [rows = 0, columns = 0] = [height, width].map((size) => Math.floor((size + 2 * padding - kernel) / stride) + 1);
    if (rows < 1 || columns < 1) throw new ArchitectureRefused(`${name}: the kernel is larger than the image`);
    const fanIn = channels * kernel * kernel;
    return { to: [filters, rows, columns], parameters: [weight(`${name}.weight`, [filters, channels, kernel, kernel], fanIn), bias(`${name}.bias`, [filters])] };
  },
  forward: ({ builder, planned: { layer, from, to, name }, input }) => {
    const [ofWeight, ofBias] = [`${name}.weight`, `${name}.bias`];
    const window = { kernel_shape: [layer.kernel, layer.kernel], strides: [layer.stride, layer.stride], pads: Array<number>(4).fill(layer.padding) };
    return {
      output: builder.op('Conv', [input, ofWeight, ofBias], window),
      backward: (gradient) => {
        // dW[m, c] correlates channel c of the input with channel m of the gradient over batch and place: a convolution in
        // which channels and batch change places, whose dilation is the forward stride.
        const correlated = builder.op('Conv', [builder.op('Transpose', [input], swapped), builder.op('Transpose', [gradient], swapped)], {
          kernel_shape: to.slice(1), dilations: [layer.stride, layer.stride], pads: Array<number>(4).fill(layer.padding),
        });
        // Rows that the last stride never reached would give places beyond the kernel.
        const inside = builder.op('Slice', [correlated, builder.integers([0, 0]), builder.integers([layer.kernel, layer.kernel]), builder.integers([2, 3])]);
        return {
          parameters: new Map([
            [ofWeight, builder.op('Transpose', [inside], swapped)],
            [ofBias, builder.op('ReduceSum', [gradient, builder.integers([0, 2, 3])], { keepdims: 0 })],
          ]),
          input: () => {
            const missed = [1, 2].map((axis) => (from[axis] ?? 0) + 2 * layer.padding - layer.kernel - ((to[axis] ?? 0) - 1) * layer.stride);
            return builder.op('ConvTranspose', [gradient, ofWeight], { ...window, output_padding: missed });
          },
        };
      },
    };
  },
};
