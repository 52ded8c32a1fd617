// A model's mark on examples it never saw: the confusion matrix, the accuracy that follows from it, and the mean cross-entropy.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { accuracyOf, confusionOf, decodeExampleSet, exampleTensor, indexOfLargest, readEvaluationSpec, sizeOf, type Example, type ImageShape, type Shape } from '@oort/algorithms-training';
import { Fault, type Json } from '@oort/kernel-wire';
import { deterministicSession } from './onnx-session';

export interface EvaluationPorts {
  fetchContent(contentId: string): Promise<Buffer>;
  readonly signal: AbortSignal;
}

const batchSize = 64;

/** `output` is {examples, accuracy, loss, labels, confusion: rows of true labels}; a unit is a hundred examples.
 *  Throws SpecRefused, ExampleSetCorrupt, ImageUnreadable. */
export async function runEvaluation(specJson: Json, ports: EvaluationPorts): Promise<{ output: Json; units: number }> {
  const spec = readEvaluationSpec(specJson);
  const session = await deterministicSession(await ports.fetchContent(spec.modelContentId));
  try {
    const sets = [];
    for (const contentId of spec.exampleSetContentIds) sets.push(decodeExampleSet(await ports.fetchContent(contentId)));
    const labels = sets[0]?.labels ?? [];
    const examples = sets.flatMap((set) => set.examples);
    const shape = exampleShape(session);
    const predicted: number[] = [];
    let loss = 0;
    for (let first = 0; first < examples.length; first += batchSize) {
      ports.signal.throwIfAborted();
      const batch = examples.slice(first, first + batchSize);
      const probabilities = await predict(session, batch, shape);
      batch.forEach((example, row) => {
        const own = probabilities.subarray(row * labels.length, (row + 1) * labels.length);
        predicted.push(indexOfLargest(own));
        loss -= Math.log(Math.max(1e-12, own[labels.indexOf(example.label)] ?? 0)) / examples.length;
      });
    }
    const confusion = confusionOf(labels, examples.map(({ label }) => labels.indexOf(label)), predicted);
    const output: Json = { examples: examples.length, accuracy: accuracyOf(confusion), loss, labels, confusion: confusion.matrix };
    return { output, units: Math.max(1, Math.round(examples.length / 100)) };
  } finally {
    await session.release();
  }
}

async function predict(session: InferenceSession, batch: readonly Example[], shape: Shape): Promise<Float32Array> {
  const size = sizeOf(shape);
  const inputs = new Float32Array(batch.length * size);
  batch.forEach(({ bytes, mediaType }, row) => { inputs.set(exampleTensor(bytes, mediaType, shape), row * size); });
  const results = await session.run({ [session.inputNames[0] ?? '']: new Tensor('float32', inputs, [batch.length, ...shape]) }, ['probabilities']);
  const data = results['probabilities']?.data;
  if (data instanceof Float32Array) return data;
  throw new Fault('NOT_FLOATS', 'the model has no output `probabilities`');
}

/** What the file says of its input, without the batch in front. */
function exampleShape(session: InferenceSession): Shape {
  const [described] = session.inputMetadata;
  const shape = described?.isTensor === true ? described.shape.slice(1).map(Number) : [];
  if (shape.length > 0 && shape.every((size) => Number.isInteger(size) && size > 0)) return shape;
  throw new Fault('SHAPE_UNKNOWN', 'the model does not say the shape of its examples');
}

/** What the file says of its input `image`: [N, channels, height, width]. */
export function inputShape(session: InferenceSession): ImageShape {
  const described = session.inputMetadata[0];
  const [, channels, height, width] = described?.isTensor === true ? described.shape.map(Number) : [];
  if (channels === undefined || height === undefined || width === undefined) {
    throw new Fault('NOT_AN_IMAGE_MODEL', 'the model does not take an image');
  }
  return [channels, height, width];
}
