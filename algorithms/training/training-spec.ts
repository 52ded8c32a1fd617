// What a training, evaluation or inference job says. Read by the models domain that writes it and by the agent that obeys it.
import { Fault, type Json } from '@oort/kernel-wire';
import { readArchitecture, type Architecture } from './architecture';
import { averagings, type Averaging } from './averaging';
import type { Optimiser } from './optimiser';

export interface HyperParameters {
  readonly optimiser: Optimiser;
  readonly learningRate: number;
  /** Of gradients: the velocity's of SGD, the first moment's of Adam. */
  readonly momentum: number;
  /** Of squared gradients; only Adam has it. */
  readonly secondMomentum: number;
  /** Gradients of a step are shortened to this norm; 0 leaves them as they are. */
  readonly maximumGradientNorm: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  /** Steps of one worker in one round. */
  readonly localSteps: number;
  /** Augmentation: at most so many pixels, degrees, and share of size. All keep the label of a digit. */
  readonly maximumShift: number;
  readonly maximumRotation: number;
  readonly maximumScale: number;
  /** The share of its examples that each worker does not learn from: their loss is measured at the end of each round. */
  readonly validationShare: number;
  /** How the workers' weights become one. `auto` is the mean for two, and the trimmed mean from three on. */
  readonly averaging: Averaging;
  /** A worker's change of the weights in a round is shortened to this norm before it is averaged; 0 leaves it as it is. */
  readonly maximumUpdateNorm: number;
  /** The run ends early when so many rounds in a row did not lower the loss by `leastImprovement` of it; 0 never does. */
  readonly patience: number;
  readonly leastImprovement: number;
}

export const defaultHyperParameters: HyperParameters = {
  optimiser: 'sgd', learningRate: 0.05, momentum: 0.9, secondMomentum: 0.999, maximumGradientNorm: 0, weightDecay: 0.0005, batchSize: 32, localSteps: 150,
  maximumShift: 2, maximumRotation: 12, maximumScale: 0.12, validationShare: 0, averaging: 'auto', maximumUpdateNorm: 0, patience: 0, leastImprovement: 0.01,
};

const optimisers = ['sgd', 'adam'] as const satisfies readonly Optimiser[];

export interface TrainingSpec {
  readonly architecture: Architecture;
  readonly hyperParameters: HyperParameters;
  readonly seed: number;
  readonly round: number;
  readonly rounds: number;
  readonly worker: number;
  readonly workers: number;
  /** Where the round starts from; safetensors. */
  readonly weightsContentId: string;
  readonly exampleSetContentIds: readonly string[];
}

export interface EvaluationSpec {
  readonly modelContentId: string;
  readonly exampleSetContentIds: readonly string[];
}

export class SpecRefused extends Fault {
  constructor(message: string, detail: Json = null) { super('SPEC_REFUSED', message, detail); }
}

type Fields = Readonly<Record<string, Json | undefined>>;

/** Missing ones take the default. Throws SpecRefused. */
export function readHyperParameters(json: Json): HyperParameters {
  const fields = fieldsOf(json, 'hyper-parameters');
  const unknown = Object.keys(fields).find((key) => !(key in defaultHyperParameters));
  if (unknown !== undefined) throw new SpecRefused('unknown hyper-parameter', unknown);
  const choice = <T extends string>(key: keyof HyperParameters, known: readonly T[]): T => {
    const given = fields[key] ?? defaultHyperParameters[key];
    const found = known.find((each) => each === given);
    if (found === undefined) throw new SpecRefused(`${key} must be one of ${known.join(', ')}`, given);
    return found;
  };
  const value = (key: keyof HyperParameters, least: number, most: number): number => {
    const given = fields[key] ?? defaultHyperParameters[key];
    if (typeof given !== 'number' || !(given >= least && given <= most)) {
      throw new SpecRefused(`${key} must lie from ${String(least)} to ${String(most)}`, given);
    }
    return given;
  };
  return {
    optimiser: choice('optimiser', optimisers), learningRate: value('learningRate', 1e-6, 10), momentum: value('momentum', 0, 0.999),
    secondMomentum: value('secondMomentum', 0.5, 0.99999), maximumGradientNorm: value('maximumGradientNorm', 0, 1e6), weightDecay: value('weightDecay', 0, 1),
    batchSize: Math.trunc(value('batchSize', 1, 1024)), localSteps: Math.trunc(value('localSteps', 1, 1_000_000)),
    maximumShift: value('maximumShift', 0, 64), maximumRotation: value('maximumRotation', 0, 180), maximumScale: value('maximumScale', 0, 0.9),
    validationShare: value('validationShare', 0, 0.5), averaging: choice('averaging', averagings), maximumUpdateNorm: value('maximumUpdateNorm', 0, 1e6),
    patience: Math.trunc(value('patience', 0, 100)), leastImprovement: value('leastImprovement', 0, 1),
  };
}

/** Throws SpecRefused or ArchitectureRefused. */
export function readTrainingSpec(json: Json): TrainingSpec {
  const fields = fieldsOf(json, 'training spec');
  const workers = integer(fields, 'workers', 1);
  const worker = integer(fields, 'worker', 0);
  if (worker >= workers) throw new SpecRefused('worker must be below workers');
  return {
    architecture: readArchitecture(fields['architecture'] ?? null), hyperParameters: readHyperParameters(fields['hyperParameters'] ?? {}),
    seed: integer(fields, 'seed', 0), round: integer(fields, 'round', 0), rounds: integer(fields, 'rounds', 1), worker, workers,
    weightsContentId: text(fields, 'weightsContentId'), exampleSetContentIds: texts(fields, 'exampleSetContentIds'),
  };
}

/** Throws SpecRefused. */
export function readEvaluationSpec(json: Json): EvaluationSpec {
  const fields = fieldsOf(json, 'evaluation spec');
  return { modelContentId: text(fields, 'modelContentId'), exampleSetContentIds: texts(fields, 'exampleSetContentIds') };
}

function fieldsOf(json: Json, what: string): Fields {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new SpecRefused(`the ${what} must be an object`);
  }
  return json as Fields;
}

function integer(fields: Fields, key: string, least: number): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw new SpecRefused(`${key} must be an integer of at least ${String(least)}`);
  }
  return value;
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== 'string' || value === '') throw new SpecRefused(`${key} must be a string`);
  return value;
}

function texts(fields: Fields, key: string): readonly string[] {
  const value = fields[key];
  if (!Array.isArray(value) || value.length === 0 || !value.every((entry) => typeof entry === 'string')) {
    throw new SpecRefused(`${key} must be a list of content ids`);
  }
  return value;
}
