// Kind of layer -> its rule. A new kind is a file beside this one, a line here and a line in layers.test.ts.
import { attention, type Attention } from './attention';
import { averagePool, type AveragePool } from './average-pool';
import { batchNorm, type BatchNorm } from './batch-norm';
import { convolution, type Convolution } from './convolution';
import { dense, type Dense } from './dense';
import { embedding, type Embedding } from './embedding';
import { flatten, type Flatten } from './flatten';
import { gelu, type Gelu } from './gelu';
import type { LayerRule } from './layer';
import { layerNorm, type LayerNorm } from './layer-norm';
import { maxPool, type MaxPool } from './max-pool';
import { mean, type Mean } from './mean';
import { relu, type Relu } from './relu';
import { softmax, type Softmax } from './softmax';

export type Layer =
  | Attention | AveragePool | BatchNorm | Convolution | Dense | Embedding | Flatten | Gelu | LayerNorm | MaxPool | Mean | Relu | Softmax;

type Kind = Layer['kind'];

const rules: { readonly [K in Kind]: LayerRule<Extract<Layer, { readonly kind: K }>> } = {
  attention, 'average-pool': averagePool, 'batch-norm': batchNorm, conv2d: convolution, dense, embedding, flatten, gelu, 'layer-norm': layerNorm,
  'max-pool': maxPool, mean, relu, softmax,
};

export const layerKinds = Object.keys(rules) as readonly Kind[];

/** The rule for a layer of this kind. */
export function ruleOf({ kind }: { readonly kind: Kind }): LayerRule<Layer> {
  return rules[kind];
}
