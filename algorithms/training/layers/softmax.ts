// Over the last dimension. A network that learns by cross-entropy ends in scores and not in this: its loss takes the softmax itself.
import type { GraphBuilder } from '../graph-builder';
import { withoutParameters, type LayerRule } from './layer';

export interface Softmax { readonly kind: 'softmax' }

export const softmax: LayerRule<Softmax> = {
  read: () => ({ kind: 'softmax' }),
  plan: (_, from) => ({ to: from, parameters: [] }),
  forward: ({ builder, planned, input }) => {
    const axis = planned.from.length;
    const output = builder.op('Softmax', [input], { axis });
    return { output, backward: (gradient) => withoutParameters(() => softmaxGradient(builder, output, gradient, axis)) };
  },
};

/** y (g - sum of y g): the diagonal of the Jacobian minus its outer product. */
export function softmaxGradient(builder: GraphBuilder, output: string, gradient: string, axis: number): string {
  const weighted = builder.op('ReduceSum', [builder.op('Mul', [output, gradient]), builder.integers([axis])], { keepdims: 1 });
  return builder.op('Mul', [output, builder.op('Sub', [gradient, weighted])]);
}
