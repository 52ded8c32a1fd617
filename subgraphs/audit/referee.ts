// Answers computed in private, by the platform itself: the known answer of a phantom, and the last word on a mismatch.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { requireSelfContained } from '@oort/algorithms-training/self-contained';
import type { ContentStore } from '@oort/kernel-content';
import { Fault } from '@oort/kernel-wire';

export class RefereeFault extends Fault {}

export interface Referee {
  /** Raw outputs of the model for one batch of inputs, flattened row by row. Shapes: inputs [batch][length]. */
  answer(modelContentId: string, inputs: readonly (readonly number[])[]): Promise<readonly number[]>;
}

const sessionsKept = 8;

export function onnxReferee(content: Pick<ContentStore, 'get'>): Referee {
  const sessions = new Map<string, Promise<InferenceSession>>();

  async function open(modelContentId: string): Promise<InferenceSession> {
    const bytes = await content.get(modelContentId);
    requireSelfContained(bytes);
    return InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 });
  }

  function session(modelContentId: string): Promise<InferenceSession> {
    const known = sessions.get(modelContentId);
    if (known !== undefined) return known;
    const opening = open(modelContentId);
    sessions.set(modelContentId, opening);
    opening.catch(() => sessions.delete(modelContentId));
    const [oldest] = sessions.keys();
    if (sessions.size > sessionsKept && oldest !== undefined) sessions.delete(oldest);
    return opening;
  }

  return {
    async answer(modelContentId, inputs) {
      const model = await session(modelContentId);
      const [inputName] = model.inputNames;
      const [outputName] = model.outputNames;
      if (inputName === undefined || outputName === undefined) throw new RefereeFault('MODEL_WITHOUT_PORTS', 'the model has no input or no output');
      const values = Float32Array.from(inputs.flat());
      const output = (await model.run({ [inputName]: new Tensor('float32', values, shapeFor(model, inputs)) }))[outputName];
      if (!(output?.data instanceof Float32Array)) throw new RefereeFault('UNEXPECTED_OUTPUT', 'the model does not answer in float32');
      return Array.from(output.data);
    },
  };
}

/** The graph's own input shape with the batch in front; a flat one when it names none. */
function shapeFor(model: InferenceSession, inputs: readonly (readonly number[])[]): readonly number[] {
  const [metadata] = model.inputMetadata;
  const length = inputs[0]?.length ?? 0;
  if (metadata === undefined || !metadata.isTensor) return [inputs.length, length];
  const rest = metadata.shape.slice(1).map(Number);
  const known = rest.every((size) => Number.isInteger(size) && size > 0) && rest.reduce((product, size) => product * size, 1) === length;
  return known ? [inputs.length, ...rest] : [inputs.length, length];
}
