// Where round 0 starts from: seeded values, or the weights of a version as far as they fit.
import { decodeWeights, initialWeights, type Architecture, type Weights } from '@oort/algorithms-training';
import type { ContentStore } from '@oort/kernel-content';
import { refuse, type Refused } from './refusals';

/** A tensor is taken over when name and shape are the same, so that a network with another last layer learns on. `weightsContentId`
 *  names the version's weights; null is none. */
export async function firstWeights(architecture: Architecture, seed: number, weightsContentId: string | null, content: ContentStore): Promise<Weights | Refused> {
  const fresh = initialWeights(architecture, seed);
  if (weightsContentId === null) return fresh;
  const { weights: base } = decodeWeights(await content.get(weightsContentId));
  const fits = [...fresh].filter(([name, { shape }]) => base.get(name)?.shape.join() === shape.join()).map(([name]) => name);
  if (fits.length === 0) return refuse('NOTHING_TO_TUNE', 'No tensor of that version fits this design.');
  return new Map([...fresh].map(([name, tensor]) => [name, fits.includes(name) ? base.get(name) ?? tensor : tensor]));
}
