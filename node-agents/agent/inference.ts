// One batch through a model. Sessions stay open between jobs, since loading one costs more than running it.
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { imageTensor, indexOfLargest } from '@oort/algorithms-training';
import { Fault, type Json } from '@oort/kernel-wire';
import { inputShape } from './evaluation';
import type { Executed, ExecutorPorts } from './executors';
import { deterministicSession } from './onnx-session';

interface InferenceSpec {
  readonly modelContentId: string;
  readonly input?: readonly (readonly number[])[];
  readonly inputContentId?: string;
  readonly inputContentIds?: readonly string[];
  /** Names for the outputs' places; the places themselves when there are none. */
  readonly labels?: readonly string[];
}

const sessionsKept = 4;
const sessions = new Map<string, Promise<InferenceSession>>();

/** `output` is {outputs: a row of raw values of the model's first output for each input, labels: the largest of each}; a unit is a row. */
export async function runInference(specJson: Json, ports: ExecutorPorts): Promise<Executed> {
  const spec = specJson as unknown as InferenceSpec;
  const session = await sessionOf(spec.modelContentId, ports);
  const rows = await rowsOf(spec, session, ports);
  const [inputName, outputName] = [session.inputNames[0], session.outputNames[0]];
  if (inputName === undefined || outputName === undefined) throw new Fault('MODEL_WITHOUT_PORTS', 'the model has no input or no output');
  const values = Float32Array.from(rows.flatMap((row) => [...row]));
  const results = await session.run({ [inputName]: new Tensor('float32', values, shapeFor(session, rows)) }, [outputName]);
  const data = results[outputName]?.data;
  if (!(data instanceof Float32Array)) throw new Fault('NOT_FLOATS', 'the model does not answer in float32');
  const width = data.length / rows.length;
  const outputs = rows.map((_, row) => [...data.subarray(row * width, (row + 1) * width)]);
  const labels = outputs.map((row) => indexOfLargest(Float32Array.from(row))).map((index) => spec.labels?.[index] ?? index);
  return { output: { outputs, labels }, units: rows.length };
}

function sessionOf(modelContentId: string, { fetchContent }: ExecutorPorts): Promise<InferenceSession> {
  const known = sessions.get(modelContentId);
  if (known !== undefined) return known;
  const opening = fetchContent(modelContentId).then((model) => deterministicSession(model));
  sessions.set(modelContentId, opening);
  opening.catch(() => sessions.delete(modelContentId));
  const [eldest] = sessions.keys();
  if (sessions.size > sessionsKept && eldest !== undefined) {
    sessions.get(eldest)?.then((session) => session.release()).catch(() => undefined);
    sessions.delete(eldest);
  }
  return opening;
}

async function rowsOf(spec: InferenceSpec, session: InferenceSession, { fetchContent }: ExecutorPorts): Promise<readonly (readonly number[] | Float32Array)[]> {
  if (spec.input !== undefined) return spec.input;
  const contentIds = spec.inputContentIds ?? (spec.inputContentId === undefined ? [] : [spec.inputContentId]);
  const shape = inputShape(session);
  return Promise.all(contentIds.map(async (contentId) => imageTensor(await fetchContent(contentId), 'image/*', shape)));
}

/** The graph's own shape with the batch in front; a flat one when it names none. */
function shapeFor(session: InferenceSession, rows: readonly { readonly length: number }[]): readonly number[] {
  const [described] = session.inputMetadata;
  const length = rows[0]?.length ?? 0;
  const rest = described?.isTensor === true ? described.shape.slice(1).map(Number) : [];
  const known = rest.every((size) => Number.isInteger(size) && size > 0) && rest.reduce((product, size) => product * size, 1) === length;
  return known ? [rows.length, ...rest] : [rows.length, length];
}
