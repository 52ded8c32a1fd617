// The forward pass, written once: the inference graph and the training graph both start from it.
import { planLayers, type Architecture, type PlannedLayer } from './architecture';
import { GraphBuilder, type Dimension } from './graph-builder';
import type { Weights } from './weights';

/** What the backward pass needs of a layer: the values around it, and where a maximum stood. */
export interface ForwardLayer {
  readonly planned: PlannedLayer;
  readonly input: string;
  readonly output: string;
  readonly indices: string | null;
}

/** Parameters are referred to by their names, so the caller declares them as inputs or as initialisers. */
export function forwardPass(builder: GraphBuilder, architecture: Architecture, image: string): readonly ForwardLayer[] {
  let value = image;
  return planLayers(architecture).map((planned) => {
    const input = value;
    const [output = '', indices] = forwardLayer(builder, planned, input);
    value = output;
    return { planned, input, output, indices: indices ?? null };
  });
}

/** An ordinary ONNX file: `image` [N, C, H, W] in 0..1 -> `logits` and `probabilities` [N, labels]. The labels stand in its metadata. */
export function inferenceModel(architecture: Architecture, weights: Weights): Buffer {
  const builder = new GraphBuilder('inference');
  const batch: Dimension = 'N';
  const image = builder.input('image', [batch, ...architecture.input]);
  for (const [name, { shape, values }] of weights) builder.floats(name, shape, values);
  const logits = forwardPass(builder, architecture, image).at(-1)?.output ?? image;
  builder.output('logits', logits, [batch, architecture.labels.length]);
  builder.output('probabilities', builder.op('Softmax', [logits], { axis: 1 }), [batch, architecture.labels.length]);
  return builder.encode({ labels: JSON.stringify(architecture.labels), input: JSON.stringify(architecture.input) });
}

function forwardLayer(builder: GraphBuilder, { layer, weight, bias }: PlannedLayer, input: string): string[] {
  const trained = [input, weight?.name ?? '', bias?.name ?? ''];
  switch (layer.kind) {
    case 'relu': return [builder.op('Relu', [input])];
    case 'flatten': return [builder.op('Flatten', [input], { axis: 1 })];
    case 'dense': return [builder.op('Gemm', trained)];
    case 'conv2d': return [builder.op('Conv', trained, {
      kernel_shape: [layer.kernel, layer.kernel], strides: [layer.stride, layer.stride],
      pads: [layer.padding, layer.padding, layer.padding, layer.padding],
    })];
    case 'max-pool': return builder.opWithOutputs('MaxPool', [input], 2, { kernel_shape: [layer.size, layer.size], strides: [layer.size, layer.size] });
  }
}
