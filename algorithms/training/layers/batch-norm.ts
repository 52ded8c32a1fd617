// Ioffe and Szegedy 2015: each channel (of an image) or feature (of a vector) by its mean and variance over the batch. A running
// mean of both is measured by every training step and is what inference uses, so one example is answered like many.
import type { GraphBuilder } from '../graph-builder';
import { ArchitectureRefused, axes, bias, measured, scale, type LayerRule, type Shape } from './layer';
import { epsilon, normalise } from './normalise';

export interface BatchNorm { readonly kind: 'batch-norm' }

/** How much of a running mean the newest batch makes up. */
export const newest = 0.1;

export const batchNorm: LayerRule<BatchNorm> = {
  read: () => ({ kind: 'batch-norm' }),
  plan: (_, from, name) => {
    const [features] = from;
    if (features === undefined || from.length === 2) throw new ArchitectureRefused(`${name}: batch-norm needs an image or a flat input`);
    return {
      to: from,
      parameters: [
        scale(`${name}.scale`, [features]), bias(`${name}.bias`, [features]),
        measured(`${name}.mean`, [features], 'zeros'), measured(`${name}.variance`, [features], 'ones'),
      ],
    };
  },
  forward: ({ builder, planned: { from, name }, input, batchSize }) => {
    const wide = broadcast(builder, from);
    const scaled = (value: string): string => builder.op('Add', [builder.op('Mul', [value, wide(`${name}.scale`)]), wide(`${name}.bias`)]);
    if (batchSize === null) {
      const deviation = builder.op('Sqrt', [builder.op('Add', [wide(`${name}.variance`), builder.scalar(epsilon)])]);
      const output = scaled(builder.op('Div', [builder.op('Sub', [input, wide(`${name}.mean`)]), deviation]));
      return { output, backward: () => { throw new ArchitectureRefused(`${name}: there is no gradient through the running mean`); } };
    }
    const over = axes(from.length + 1).filter((axis) => axis !== 1);
    const normal = normalise(builder, input, over);
    const sum = (value: string): string => builder.op('ReduceSum', [value, builder.integers(over)], { keepdims: 0 });
    return {
      output: scaled(normal.output),
      measured: new Map([
        [`${name}.mean`, running(builder, `${name}.mean`, normal.mean)], [`${name}.variance`, running(builder, `${name}.variance`, normal.variance)],
      ]),
      backward: (gradient) => ({
        parameters: new Map([[`${name}.scale`, sum(builder.op('Mul', [gradient, normal.output]))], [`${name}.bias`, sum(gradient)]]),
        input: () => normal.backward(builder.op('Mul', [gradient, wide(`${name}.scale`)])),
      }),
    };
  },
};

/** [features] -> [features, 1, 1] for an image. */
function broadcast(builder: GraphBuilder, from: Shape): (parameter: string) => string {
  return (parameter) => (from.length === 1 ? parameter : builder.op('Reshape', [parameter, builder.integers([-1, 1, 1])]));
}

function running(builder: GraphBuilder, before: string, now: string): string {
  const flat = builder.op('Reshape', [now, builder.integers([-1])]);
  return builder.op('Add', [builder.op('Mul', [before, builder.scalar(1 - newest)]), builder.op('Mul', [flat, builder.scalar(newest)])]);
}
