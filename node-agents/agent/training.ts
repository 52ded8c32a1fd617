// A worker's round: fetch the examples and the weights, take local steps through the training graph, hand back new weights.
// Everything a step does is a function of (spec, step) and the weights before it, so a job resumed from a checkpoint on
// another machine of the same runtime class ends with the same bytes.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  augmentBatch, batchAt, decodeExampleSet, decodeWeights, encodeWeights, exampleTensor, heldOutOf, indexOfLargest, inferenceModel, inputName, learningRateAt, memoryOf, nextOf,
  parameters, readTrainingSpec, requireFitting, shareOf, stepScalars, trainingStepModel, WeightsCorrupt, type Example, type TrainingSpec, type Weights,
} from '@oort/algorithms-training';
import { canonicalJson, Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import { deterministicSession } from './onnx-session';

export interface TrainingPorts {
  /** Resolves with bytes that hash to the content id. */
  fetchContent(contentId: string): Promise<Buffer>;
  /** Resolves with the content id once the bytes are durable. */
  storeContent(bytes: Buffer): Promise<string>;
  checkpoint(step: number, bytes: Buffer): Promise<void>;
  /** The newest checkpoint of this job, from whichever node. */
  readonly resume: Buffer | null;
  readonly signal: AbortSignal;
  /** Milliseconds to the first checkpoint; half a second unless told. */
  readonly firstCheckpointMs?: number;
}

/** The pause doubles from one checkpoint to the next up to this: a young job loses little, a long one is not slowed. */
const longestPauseMs = 8000;

export class TrainingAborted extends Fault {
  constructor(step: number) { super('TRAINING_ABORTED', 'the training job was stopped', { step }); }
}

interface Labelled { readonly inputs: readonly Float32Array[]; readonly labels: readonly number[] }

/** Weights and the optimiser's memory by their names in the graph, the next step, and what was measured so far. */
interface Progress { readonly tensors: Map<string, Tensor>; step: number; lossSum: number; seen: number; right: number; readonly losses: [step: number, loss: number][] }

/** Points of a round's loss curve, each the mean since the one before. */
const curvePoints = 50;

/** `output` is {weightsContentId, examples, steps, metrics: {loss, lastLoss, accuracy, losses: [[step, mean loss]],
 *  and with a validation share validationLoss and validationAccuracy}}; a unit is a hundred examples seen.
 *  Throws SpecRefused, ArchitectureRefused, WeightsCorrupt, ExampleSetCorrupt, TrainingAborted. */
export async function runTraining(specJson: Json, ports: TrainingPorts): Promise<{ output: Json; units: number }> {
  const spec = readTrainingSpec(specJson);
  const specHash = sha256Hex(canonicalJson(specJson));
  const { learned: share, heldOut } = await fetchShare(spec, ports);
  const progress = ports.resume === null ? await firstProgress(spec, ports) : resumedProgress(spec, specHash, ports.resume);
  const session = await deterministicSession(trainingStepModel(spec.architecture, spec.hyperParameters));
  const { localSteps, batchSize } = spec.hyperParameters;
  let lastLoss = 0;
  let savedAt = Date.now();
  let pauseMs = ports.firstCheckpointMs ?? 500;
  try {
    while (progress.step < localSteps) {
      if (ports.signal.aborted) throw new TrainingAborted(progress.step);
      lastLoss = await takeStep(spec, session, share, progress);
      if (progress.step < localSteps && Date.now() - savedAt >= pauseMs) {
        await ports.checkpoint(progress.step, encodeProgress(progress, specHash));
        savedAt = Date.now();
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  } finally {
    await session.release();
  }
  const weights = weightsOf(spec, progress);
  const weightsContentId = await ports.storeContent(encodeWeights(weights));
  return {
    output: {
      weightsContentId, examples: share.inputs.length, steps: localSteps,
      metrics: {
        loss: progress.lossSum / localSteps, lastLoss, accuracy: progress.right / progress.seen, losses: progress.losses,
        ...await validate(spec, weights, heldOut),
      },
    },
    units: Math.max(1, Math.round((localSteps * batchSize) / 100)),
  };
}

/** Of the examples that were held out; nothing when there are none. */
async function validate({ architecture }: TrainingSpec, weights: Weights, heldOut: Labelled): Promise<Readonly<Record<string, number>>> {
  const count = heldOut.inputs.length;
  if (count === 0) return {};
  const session = await deterministicSession(inferenceModel(architecture, weights));
  let loss = 0;
  let right = 0;
  for (const [index, input] of heldOut.inputs.entries()) {
    const results = await session.run({ [inputName(architecture)]: new Tensor('float32', input, [1, ...architecture.input]) });
    const shares = floatsOf(results['probabilities']);
    const label = heldOut.labels[index] ?? 0;
    loss -= Math.log(Math.max(1e-12, shares[label] ?? 0)) / count;
    if (indexOfLargest(shares) === label) right += 1;
  }
  await session.release();
  return { validationLoss: loss, validationAccuracy: right / count };
}

/** Returns the step's loss. */
async function takeStep(spec: TrainingSpec, session: InferenceSession, share: Labelled, progress: Progress): Promise<number> {
  const { architecture, hyperParameters } = spec;
  const { input, labels } = architecture;
  const { batchSize } = hyperParameters;
  const places = batchAt(spec, share.inputs.length, progress.step);
  const expected = places.map((place) => share.labels[place] ?? 0);
  const target = new Float32Array(batchSize * labels.length);
  expected.forEach((label, row) => { target[row * labels.length + label] = 1; });
  const batch = augmentBatch(spec, progress.step, places.flatMap((place) => share.inputs[place] ?? []));
  const scalars = Object.entries(stepScalars(hyperParameters, learningRateAt(spec, progress.step), progress.step));
  const results = await session.run({
    [inputName(architecture)]: new Tensor('float32', batch, [batchSize, ...input]),
    target: new Tensor('float32', target, [batchSize, labels.length]),
    ...Object.fromEntries(scalars.map(([name, value]) => [name, new Tensor('float32', Float32Array.of(value), [])])),
    ...Object.fromEntries(progress.tensors),
  });
  for (const name of progress.tensors.keys()) {
    const next = results[nextOf(name)];
    if (next !== undefined) progress.tensors.set(name, next);
  }
  const logits = floatsOf(results['logits']);
  expected.forEach((label, row) => {
    if (indexOfLargest(logits.subarray(row * labels.length, (row + 1) * labels.length)) === label) progress.right += 1;
  });
  const loss = floatsOf(results['loss'])[0] ?? 0;
  progress.seen += batchSize;
  progress.lossSum += loss;
  progress.step += 1;
  const every = Math.ceil(hyperParameters.localSteps / curvePoints);
  const before = progress.losses.reduce((sum, [, mean]) => sum + mean * every, 0);
  if (progress.step % every === 0) progress.losses.push([progress.step, (progress.lossSum - before) / every]);
  return loss;
}

async function fetchShare(spec: TrainingSpec, ports: TrainingPorts): Promise<{ readonly learned: Labelled; readonly heldOut: Labelled }> {
  const sets = [];
  for (const contentId of spec.exampleSetContentIds) sets.push(decodeExampleSet(await ports.fetchContent(contentId)));
  const examples = sets.flatMap((set) => set.examples);
  const own = shareOf(spec, examples.length).flatMap((index) => examples[index] ?? []);
  if (own.length === 0) throw new Fault('NO_EXAMPLES', 'this worker\'s share of the examples is empty', { examples: examples.length });
  const learned = own.length - heldOutOf(spec, own.length);
  return { learned: labelled(spec, own.slice(0, learned)), heldOut: labelled(spec, own.slice(learned)) };
}

function labelled(spec: TrainingSpec, own: readonly Example[]): Labelled {
  return {
    inputs: own.map(({ bytes, mediaType }) => exampleTensor(bytes, mediaType, spec.architecture.input)),
    labels: own.map(({ label }) => {
      const index = spec.architecture.labels.indexOf(label);
      if (index === -1) throw new Fault('UNKNOWN_LABEL', 'an example has a label that the network does not know', label);
      return index;
    }),
  };
}

async function firstProgress(spec: TrainingSpec, ports: TrainingPorts): Promise<Progress> {
  const { weights } = decodeWeights(await ports.fetchContent(spec.weightsContentId));
  requireFitting(spec.architecture, weights);
  const tensors = new Map<string, Tensor>();
  for (const parameter of parameters(spec.architecture)) {
    const { name, shape } = parameter;
    const values = weights.get(name)?.values ?? new Float32Array();
    tensors.set(name, new Tensor('float32', values, shape));
    for (const memory of memoryOf(spec.hyperParameters.optimiser, parameter)) tensors.set(memory, new Tensor('float32', new Float32Array(values.length), shape));
  }
  return { tensors, step: 0, lossSum: 0, seen: 0, right: 0, losses: [] };
}

/** A checkpoint is a weight file with the optimiser's memory beside the weights. Numbers travel as text that reads back to the same double. */
function encodeProgress(progress: Progress, specHash: string): Buffer {
  const weights = new Map([...progress.tensors].map(([name, tensor]) => [name, { shape: tensor.dims, values: floatsOf(tensor) }]));
  const { step, lossSum, seen, right, losses } = progress;
  return encodeWeights(weights, { specHash, step: String(step), lossSum: String(lossSum), seen: String(seen), right: String(right), losses: JSON.stringify(losses) });
}

function resumedProgress(spec: TrainingSpec, specHash: string, bytes: Buffer): Progress {
  const { weights, metadata } = decodeWeights(bytes);
  if (metadata['specHash'] !== specHash) throw new WeightsCorrupt('the checkpoint belongs to another job');
  const trained = parameters(spec.architecture);
  const memory = trained.flatMap((parameter) => memoryOf(spec.hyperParameters.optimiser, parameter));
  requireFitting(spec.architecture, new Map([...weights].filter(([name]) => !memory.includes(name))));
  if (!memory.every((name) => weights.has(name))) throw new WeightsCorrupt('the checkpoint lacks what the optimiser remembers');
  const tensors = new Map([...weights].map(([name, { shape, values }]) => [name, new Tensor('float32', values, shape)]));
  const number = (key: string): number => Number(metadata[key] ?? 'NaN');
  const losses = JSON.parse(metadata['losses'] ?? '[]') as [number, number][];
  return { tensors, step: number('step'), lossSum: number('lossSum'), seen: number('seen'), right: number('right'), losses };
}

function weightsOf(spec: TrainingSpec, progress: Progress): Weights {
  return new Map(parameters(spec.architecture).map(({ name, shape }) => [name, { shape, values: floatsOf(progress.tensors.get(name)) }]));
}

function floatsOf(tensor: unknown): Float32Array {
  if (tensor instanceof Tensor && tensor.data instanceof Float32Array) return tensor.data;
  throw new Fault('NOT_FLOATS', 'the graph returned something that is not float32');
}
