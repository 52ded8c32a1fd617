// The forward pass, written once: the inference graph and the training graph both start from it.
import { inputName, planLayers, type Architecture } from './architecture';
import { GraphBuilder, type Dimension } from './graph-builder';
import { ruleOf } from './layers/kinds';
import type { Forward } from './layers/layer';
import type { Weights } from './weights';

/** Parameters are referred to by their names, so the caller declares them as inputs or as initialisers. */
export function forwardPass(builder: GraphBuilder, architecture: Architecture, input: string, batchSize: number | null): readonly Forward[] {
  let value = input;
  return planLayers(architecture).map((planned) => {
    const forward = ruleOf(planned.layer).forward({ builder, planned, input: value, batchSize });
    value = forward.output;
    return forward;
  });
}

/** An ordinary ONNX file: `image` [N, C, H, W] in 0..1 (or `input` of another shape) -> `logits` and `probabilities` [N, labels].
 *  The labels stand in its metadata. */
export function inferenceModel(architecture: Architecture, weights: Weights): Buffer {
  const builder = new GraphBuilder('inference');
  const batch: Dimension = 'N';
  const input = builder.input(inputName(architecture), [batch, ...architecture.input]);
  for (const [name, { shape, values }] of weights) builder.floats(name, shape, values);
  const logits = forwardPass(builder, architecture, input, null).at(-1)?.output ?? input;
  builder.output('logits', logits, [batch, architecture.labels.length]);
  const already = architecture.layers.at(-1)?.kind === 'softmax';
  builder.output('probabilities', already ? logits : builder.op('Softmax', [logits], { axis: 1 }), [batch, architecture.labels.length]);
  return builder.encode({ labels: JSON.stringify(architecture.labels), input: JSON.stringify(architecture.input) });
}
