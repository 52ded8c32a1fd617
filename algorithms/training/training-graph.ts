// One step of stochastic gradient descent as an ordinary ONNX graph: weights and velocities in, weights and velocities out.
// ONNX Runtime's JavaScript has no training API, so the backward pass is written out in standard operators.
// On CPU with one thread the graph is deterministic, so a segment of a run can be replayed for an audit.
import { parameters, type Architecture, type Parameter, type PlannedLayer } from './architecture';
import { GraphBuilder } from './graph-builder';
import { forwardPass, type ForwardLayer } from './network-graph';

export interface TrainingGraphOptions {
  readonly batchSize: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** The tests ask for the gradients themselves. */
  readonly gradients?: boolean;
}

export const velocityOf = (name: string): string => `velocity.${name}`;
export const nextOf = (name: string): string => `next.${name}`;
export const gradientOf = (name: string): string => `gradient.${name}`;

/** Inputs: `image` [B, C, H, W], `target` [B, labels] (rows sum to 1), `learningRate` [], each parameter and `velocity.*` of it.
 *  Outputs: `loss` [] (mean cross-entropy), `logits` [B, labels], `next.<parameter>` and `next.velocity.<parameter>`. */
export function trainingStepModel(architecture: Architecture, options: TrainingGraphOptions): Buffer {
  const builder = new GraphBuilder('training-step');
  const classes = architecture.labels.length;
  const image = builder.input('image', [options.batchSize, ...architecture.input]);
  const target = builder.input('target', [options.batchSize, classes]);
  const learningRate = builder.input('learningRate', []);
  const trained = parameters(architecture);
  for (const { name, shape } of trained) {
    builder.input(name, shape);
    builder.input(velocityOf(name), shape);
  }
  const layers = forwardPass(builder, architecture, image);
  const logits = layers.at(-1)?.output ?? image;
  const { loss, gradient } = crossEntropy(builder, logits, target, options.batchSize);
  const gradients = backwardPass(builder, layers, gradient, options.batchSize);
  builder.output('loss', loss, []);
  builder.output('logits', logits, [options.batchSize, classes]);
  for (const parameter of trained) {
    const own = gradients.get(parameter.name) ?? '';
    if (options.gradients === true) builder.output(gradientOf(parameter.name), own, parameter.shape);
    descend(builder, parameter, own, learningRate, options);
  }
  return builder.encode();
}

/** Mean over the batch of -sum(target x log softmax); its gradient is (softmax - target) / B because target rows sum to 1. */
function crossEntropy(builder: GraphBuilder, logits: string, target: string, batchSize: number): { loss: string; gradient: string } {
  const logarithm = builder.op('LogSoftmax', [logits], { axis: 1 });
  const perBatch = builder.scalar(1 / batchSize);
  const sum = builder.op('ReduceSum', [builder.op('Mul', [logarithm, target])], { keepdims: 0 });
  const loss = builder.op('Mul', [builder.op('Neg', [sum]), perBatch]);
  const difference = builder.op('Sub', [builder.op('Exp', [logarithm]), target]);
  return { loss, gradient: builder.op('Mul', [difference, perBatch]) };
}

/** The gradient of every parameter, by name. */
function backwardPass(builder: GraphBuilder, layers: readonly ForwardLayer[], ofLogits: string, batchSize: number): ReadonlyMap<string, string> {
  const gradients = new Map<string, string>();
  let gradient = ofLogits;
  for (let index = layers.length - 1; index >= 0; index -= 1) {
    const layer = layers[index];
    if (layer === undefined) continue;
    const { weight, bias } = layer.planned;
    if (weight !== null) gradients.set(weight.name, weightGradient(builder, layer, gradient));
    if (bias !== null) gradients.set(bias.name, biasGradient(builder, layer.planned, gradient));
    // Nothing is trained below the first layer, so its input needs no gradient.
    if (index > 0) gradient = inputGradient(builder, layer, gradient, batchSize);
  }
  return gradients;
}

function weightGradient(builder: GraphBuilder, { planned, input }: ForwardLayer, gradient: string): string {
  const { layer } = planned;
  if (layer.kind !== 'conv2d') return builder.op('Gemm', [input, gradient], { transA: 1 });
  // dW[m, c] correlates channel c of the input with channel m of the gradient over batch and place: a convolution in
  // which channels and batch change places, whose dilation is the forward stride.
  const swap = { perm: [1, 0, 2, 3] };
  const correlated = builder.op('Conv', [builder.op('Transpose', [input], swap), builder.op('Transpose', [gradient], swap)], {
    kernel_shape: planned.to.slice(1), dilations: [layer.stride, layer.stride],
    pads: [layer.padding, layer.padding, layer.padding, layer.padding],
  });
  // Rows that the last stride never reached would give places beyond the kernel.
  const inside = builder.op('Slice', [correlated, builder.integers([0, 0]), builder.integers([layer.kernel, layer.kernel]), builder.integers([2, 3])]);
  return builder.op('Transpose', [inside], swap);
}

function biasGradient(builder: GraphBuilder, { layer }: PlannedLayer, gradient: string): string {
  return builder.op('ReduceSum', [gradient, builder.integers(layer.kind === 'conv2d' ? [0, 2, 3] : [0])], { keepdims: 0 });
}

function inputGradient(builder: GraphBuilder, forward: ForwardLayer, gradient: string, batchSize: number): string {
  const { planned: { layer, from, to, weight }, output, indices } = forward;
  switch (layer.kind) {
    case 'relu': return builder.op('Mul', [gradient, builder.op('Cast', [builder.op('Greater', [output, builder.scalar(0)])], { to: 1 })]);
    case 'flatten': return builder.op('Reshape', [gradient, builder.integers([batchSize, ...from])]);
    case 'dense': return builder.op('Gemm', [gradient, weight?.name ?? ''], { transB: 1 });
    case 'max-pool': return builder.op('MaxUnpool', [gradient, indices ?? '', builder.integers([batchSize, ...from])], {
      kernel_shape: [layer.size, layer.size], strides: [layer.size, layer.size],
    });
    case 'conv2d': {
      const missed = [1, 2].map((axis) => (from[axis] ?? 0) + 2 * layer.padding - layer.kernel - ((to[axis] ?? 0) - 1) * layer.stride);
      return builder.op('ConvTranspose', [gradient, weight?.name ?? ''], {
        kernel_shape: [layer.kernel, layer.kernel], strides: [layer.stride, layer.stride], output_padding: missed,
        pads: [layer.padding, layer.padding, layer.padding, layer.padding],
      });
    }
  }
}

/** Momentum as in Sutskever et al. 2013: v <- m v + g + d w, then w <- w - rate x v. Biases do not decay. */
function descend(builder: GraphBuilder, { name, shape }: Parameter, gradient: string, learningRate: string, options: TrainingGraphOptions): void {
  const decays = shape.length > 1 && options.weightDecay > 0;
  const pulled = decays ? builder.op('Add', [gradient, builder.op('Mul', [name, builder.scalar(options.weightDecay)])]) : gradient;
  const velocity = builder.op('Add', [builder.op('Mul', [velocityOf(name), builder.scalar(options.momentum)]), pulled]);
  builder.output(nextOf(velocityOf(name)), velocity, shape);
  builder.output(nextOf(name), builder.op('Sub', [name, builder.op('Mul', [velocity, learningRate])]), shape);
}
