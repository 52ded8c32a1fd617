// One batch through a model, or every input of one by name. Models stay open between jobs, since loading one costs more than running it.
import * as onnx from 'onnxruntime-node';
import { imageTensor, indexOfLargest, type ImageShape } from '@oort/algorithms-training';
import { Fault, type Json } from '@oort/kernel-wire';
import { OpenModel, type NamedTensor } from '@oort/node-agents-model';
import type { Executed, ExecutorPorts } from './executors';

interface InferenceSpec {
  readonly modelContentId: string;
  readonly input?: readonly (readonly number[])[];
  readonly inputContentId?: string;
  readonly inputContentIds?: readonly string[];
  /** For a model of several inputs, or of other than one row of floats. */
  readonly feeds?: readonly NamedTensor[];
  /** The same as JSON in a content, where it is too large for a spec. */
  readonly feedsContentId?: string;
  /** Names for the outputs' places; the places themselves when there are none. */
  readonly labels?: readonly string[];
}

const modelsKept = 4;
/** Of an answer that is said at once: about 20 characters each, well within what a job may return. */
const mostValues = 20_000;
const models = new Map<string, Promise<OpenModel>>();

/** `output` is {outputs: a row of raw values of the model's first output for each input, labels: the largest of each}; a unit is a row.
 *  With `feeds` a row is one of the model's outputs, and {names, dims} say which and of what form; where they are many, the rows lie as
 *  JSON in the content `outputsContentId`.
 *  Throws ModelRefused, ImageUnreadable, and what the runtime does. */
export async function runInference(specJson: Json, ports: ExecutorPorts): Promise<Executed> {
  const spec = specJson as unknown as InferenceSpec;
  const model = await modelOf(spec.modelContentId, ports);
  const feeds = await feedsOf(spec, ports);
  if (feeds !== null) return runFeeds(model, feeds, ports);
  const rows = await model.inferRows(await rowsOf(spec, model, ports));
  const labels = rows.map((row) => indexOfLargest(row)).map((index) => spec.labels?.[index] ?? index);
  return { output: { outputs: rows.map(listOf), labels }, units: rows.length };
}

/** As JSON has it. A loop, because `Array.from` asks an iterator for each value. */
function listOf(values: ArrayLike<number>): number[] {
  const list = new Array<number>(values.length);
  for (let index = 0; index < values.length; index += 1) list[index] = values[index] ?? 0;
  return list;
}

async function feedsOf({ feeds, feedsContentId }: InferenceSpec, { fetchContent }: ExecutorPorts): Promise<readonly NamedTensor[] | null> {
  if (feedsContentId === undefined) return feeds ?? null;
  return JSON.parse((await fetchContent(feedsContentId)).toString('utf8')) as readonly NamedTensor[];
}

async function runFeeds(model: OpenModel, feeds: readonly NamedTensor[], { storeContent }: ExecutorPorts): Promise<Executed> {
  const outputs = await model.run(feeds);
  const rows = outputs.map(({ values }) => listOf(values));
  const form = { names: outputs.map(({ name }) => name), dims: outputs.map(({ dims }) => [...dims]) };
  if (rows.reduce((sum, row) => sum + row.length, 0) <= mostValues) return { output: { outputs: rows, ...form }, units: 1 };
  return { output: { outputsContentId: await storeContent(Buffer.from(JSON.stringify(rows))), ...form }, units: 1 };
}

function modelOf(modelContentId: string, { fetchContent }: ExecutorPorts): Promise<OpenModel> {
  const known = models.get(modelContentId);
  if (known !== undefined) return known;
  const opening = fetchContent(modelContentId).then((bytes) => OpenModel.open(onnx, bytes));
  models.set(modelContentId, opening);
  opening.catch(() => models.delete(modelContentId));
  const [eldest] = models.keys();
  if (models.size > modelsKept && eldest !== undefined) {
    models.get(eldest)?.then((model) => model.release()).catch(() => undefined);
    models.delete(eldest);
  }
  return opening;
}

async function rowsOf(spec: InferenceSpec, model: OpenModel, { fetchContent }: ExecutorPorts): Promise<readonly (readonly number[] | Float32Array)[]> {
  if (spec.input !== undefined) return spec.input;
  const contentIds = spec.inputContentIds ?? (spec.inputContentId === undefined ? [] : [spec.inputContentId]);
  const shape = imageShapeOf(model);
  return Promise.all(contentIds.map(async (contentId) => imageTensor(await fetchContent(contentId), 'image/*', shape)));
}

function imageShapeOf({ inputShape }: OpenModel): ImageShape {
  const [channels, height, width] = inputShape ?? [];
  if (channels === undefined || height === undefined || width === undefined) throw new Fault('NOT_AN_IMAGE_MODEL', 'the model does not take an image');
  return [channels, height, width];
}
