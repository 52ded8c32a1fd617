// One step of gradient descent as an ordinary ONNX graph: weights and the optimiser's memory in, the same out.
// ONNX Runtime's JavaScript has no training API, so the backward pass is written out in standard operators: the layers are walked
// back from the loss, and each says its gradients (reverse-mode differentiation).
// On CPU with one thread the graph is deterministic, so a segment of a run can be replayed for an audit.
import { inputName, parameters, type Architecture, type Loss } from './architecture';
import { GraphBuilder } from './graph-builder';
import type { Forward } from './layers/layer';
import { forwardPass } from './network-graph';
import { clipped, descend, memoryOf, nextOf, stepScalars, type OptimiserOptions } from './optimiser';

export interface TrainingGraphOptions extends OptimiserOptions {
  readonly batchSize: number;
  /** The tests ask for the gradients themselves. */
  readonly gradients?: boolean;
}

export const gradientOf = (name: string): string => `gradient.${name}`;

/** Inputs: `image` [B, C, H, W] (or `input` of another shape), `target` [B, labels], the scalars of `stepScalars`, each parameter
 *  and the optimiser's memory of it. For cross-entropy the rows of `target` sum to 1.
 *  Outputs: `loss` [], `logits` [B, labels], and `next.<name>` of each parameter and memory. */
export function trainingStepModel(architecture: Architecture, options: TrainingGraphOptions): Buffer {
  const builder = new GraphBuilder('training-step');
  const classes = architecture.labels.length;
  const input = builder.input(inputName(architecture), [options.batchSize, ...architecture.input]);
  const target = builder.input('target', [options.batchSize, classes]);
  for (const name of Object.keys(stepScalars(options, 0, 0))) builder.input(name, []);
  const all = parameters(architecture);
  for (const parameter of all) {
    for (const name of [parameter.name, ...memoryOf(options.optimiser, parameter)]) builder.input(name, parameter.shape);
  }
  const passes = forwardPass(builder, architecture, input, options.batchSize);
  const logits = passes.at(-1)?.output ?? input;
  const { loss, gradient } = lossOf(builder, architecture.loss ?? 'cross-entropy', logits, target, options.batchSize, classes);
  const gradients = backwardPass(passes, gradient);
  const followed = clipped(builder, gradients, options.maximumGradientNorm);
  const measured = new Map(passes.flatMap((pass) => [...pass.measured ?? []]));
  builder.output('loss', loss, []);
  builder.output('logits', logits, [options.batchSize, classes]);
  for (const parameter of all) {
    const { name, shape, trained } = parameter;
    if (trained && options.gradients === true) builder.output(gradientOf(name), gradients.get(name) ?? '', shape);
    if (trained) descend(builder, parameter, followed.get(name) ?? '', options);
    else builder.output(nextOf(name), measured.get(name) ?? name, shape);
  }
  return builder.encode();
}

interface LossNodes { readonly loss: string; readonly gradient: string }

function lossOf(builder: GraphBuilder, loss: Loss, output: string, target: string, batchSize: number, classes: number): LossNodes {
  switch (loss) {
    case 'cross-entropy': return crossEntropy(builder, output, target, batchSize);
    case 'mse': return squares(builder, output, target, batchSize * classes);
  }
}

/** Mean over the batch of -sum(target x log softmax); its gradient is (softmax - target) / B because target rows sum to 1. */
function crossEntropy(builder: GraphBuilder, logits: string, target: string, batchSize: number): LossNodes {
  const logarithm = builder.op('LogSoftmax', [logits], { axis: 1 });
  const perBatch = builder.scalar(1 / batchSize);
  const sum = builder.op('ReduceSum', [builder.op('Mul', [logarithm, target])], { keepdims: 0 });
  const loss = builder.op('Mul', [builder.op('Neg', [sum]), perBatch]);
  const difference = builder.op('Sub', [builder.op('Exp', [logarithm]), target]);
  return { loss, gradient: builder.op('Mul', [difference, perBatch]) };
}

/** Mean of (output - target)^2 over batch and units. */
function squares(builder: GraphBuilder, output: string, target: string, count: number): LossNodes {
  const difference = builder.op('Sub', [output, target]);
  const sum = builder.op('ReduceSum', [builder.op('Mul', [difference, difference])], { keepdims: 0 });
  return { loss: builder.op('Mul', [sum, builder.scalar(1 / count)]), gradient: builder.op('Mul', [difference, builder.scalar(2 / count)]) };
}

/** The gradient of every trained parameter, by name. */
function backwardPass(passes: readonly Forward[], ofOutput: string): ReadonlyMap<string, string> {
  const gradients = new Map<string, string>();
  let gradient = ofOutput;
  for (let index = passes.length - 1; index >= 0; index -= 1) {
    const own = passes[index]?.backward(gradient);
    if (own === undefined) continue;
    for (const [name, value] of own.parameters) gradients.set(name, value);
    // Nothing is trained below the first layer, so its input needs no gradient.
    if (index > 0) gradient = own.input();
  }
  return gradients;
}
