// From sealed dataset versions to what the workers fetch: example sets, first weights, and the digest of the code that will run.
import { createHash } from 'node:crypto';
import {
  ArchitectureRefused, decodeExampleSet, encodeExampleSet, encodeWeights, ExampleSetCorrupt, readArchitecture, readHyperParameters,
  SpecRefused, trainingStepModel, type Architecture, type Example, type HyperParameters,
} from '@oort/algorithms-training';
import { ContentCorrupt, ContentMissing, type ContentStore } from '@oort/kernel-content';
import { Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import { firstWeights } from './first-weights';
import { refuse, type Refused } from './refusals';

interface ManifestItem { readonly itemId: string; readonly contentId: string; readonly sha256: string; readonly label: string; readonly mediaType: string }

export interface TrainingInputs {
  readonly exampleSetContentIds: readonly string[];
  readonly initialWeightsContentId: string;
  readonly codeDigest: string;
  readonly hyperParameters: HyperParameters;
}

export interface TrainingRequest {
  readonly architecture: Json;
  readonly hyperParameters: Json;
  readonly manifestContentIds: readonly string[];
  readonly evaluationContentId: string | null;
  readonly seed: number;
  /** Of the version that the run goes on from; null for none. */
  readonly baseWeightsContentId: string | null;
}

const examplesPerSet = 4096;
const readsAtOnce = 32;

/** Everything that can be wrong with a run is found here, before a job is queued. */
export async function prepareTraining(request: TrainingRequest, content: ContentStore): Promise<TrainingInputs | Refused> {
  try {
    const architecture = readArchitecture(request.architecture);
    const hyperParameters = readHyperParameters(request.hyperParameters);
    const items = await manifestItems(request.manifestContentIds, content);
    const stranger = items.find(({ label }) => !architecture.labels.includes(label));
    if (stranger !== undefined) {
      return refuse('LABELS_DIFFER', 'An item has a label that the model does not know.', { itemId: stranger.itemId, label: stranger.label });
    }
    if (items.length === 0) return refuse('INVALID_INPUT', 'The dataset versions are empty.');
    const refused = request.evaluationContentId === null ? null : await checkEvaluation(request.evaluationContentId, architecture, items, content);
    if (refused !== null) return refused;
    const weights = await firstWeights(architecture, request.seed, request.baseWeightsContentId, content);
    if ('refused' in weights) return weights;
    return {
      hyperParameters,
      codeDigest: sha256Hex(trainingStepModel(architecture, hyperParameters)),
      exampleSetContentIds: await packExamples(architecture, items, content),
      initialWeightsContentId: await content.put(encodeWeights(weights)),
    };
  } catch (error) {
    if (error instanceof ArchitectureRefused) {
      return refuse('ARCHITECTURE_REFUSED', error.message, error.detail);
    }
    if (error instanceof SpecRefused) return refuse('SPEC_REFUSED', error.message, error.detail);
    if (error instanceof ExampleSetCorrupt) return refuse('EXAMPLE_SET_CORRUPT', error.message, error.detail);
    if (error instanceof ContentMissing || error instanceof ContentCorrupt) {
      return refuse('UNKNOWN_CONTENT', error.message, error.detail);
    }
    throw error;
  }
}

async function manifestItems(contentIds: readonly string[], content: ContentStore): Promise<readonly ManifestItem[]> {
  const manifests = await Promise.all(contentIds.map(async (contentId) => JSON.parse((await content.get(contentId)).toString('utf8')) as Json));
  return manifests.flatMap((manifest) => {
    const { items } = (manifest ?? {}) as { readonly items?: readonly ManifestItem[] };
    if (!Array.isArray(items)) throw new Fault('MANIFEST_UNREADABLE', 'a sealed manifest has no items');
    return items as readonly ManifestItem[];
  });
}

/** A model that is marked on what it learned from gets a mark that says nothing. */
async function checkEvaluation(contentId: string, architecture: Architecture, items: readonly ManifestItem[], content: ContentStore): Promise<Refused | null> {
  const { labels, examples } = decodeExampleSet(await content.get(contentId));
  if (labels.join('\n') !== architecture.labels.join('\n')) {
    return refuse('LABELS_DIFFER', 'The evaluation set has other labels than the model, or in another order.', [...labels]);
  }
  if (examples.length === 0) return refuse('INVALID_INPUT', 'The evaluation set is empty.');
  const trained = new Set(items.map(({ sha256 }) => sha256));
  const overlap = examples.filter(({ bytes }) => trained.has(createHash('sha256').update(bytes).digest('hex'))).length;
  return overlap === 0 ? null : refuse('EVALUATION_OVERLAPS', 'Examples of the evaluation set are in the dataset.', { overlap });
}

async function packExamples(architecture: Architecture, items: readonly ManifestItem[], content: ContentStore): Promise<readonly string[]> {
  const contentIds: string[] = [];
  for (let first = 0; first < items.length; first += examplesPerSet) {
    const examples: Example[] = [];
    const part = items.slice(first, first + examplesPerSet);
    for (let next = 0; next < part.length; next += readsAtOnce) {
      examples.push(...await Promise.all(part.slice(next, next + readsAtOnce).map(async ({ contentId, label, mediaType }) =>
        ({ label, mediaType, bytes: await content.get(contentId) }))));
    }
    contentIds.push(await content.put(encodeExampleSet({ labels: architecture.labels, examples })));
  }
  return contentIds;
}
