import {
  averageWeights, decodeWeights, requireFitting, type Architecture, type AveragingOptions, type Contribution, type Weights,
} from '@oort/algorithms-training';
import type { ContentStore } from '@oort/kernel-content';
import { Fault, type Json } from '@oort/kernel-wire';
import type { JobRow } from '@oort/projections-models';

export interface RoundAverage {
  /** Null when no worker returned usable weights. */
  readonly weights: Weights | null;
  readonly excludedNodeIds: readonly string[];
}

export interface Round {
  readonly architecture: Architecture;
  readonly options: AveragingOptions;
  /** Of all workers together. */
  readonly examples: number;
  /** Where the round began. */
  readonly before: Weights;
}

/** `rows` in the order of the workers. The weight of a worker is the share that the platform dealt out, not what it says it saw. */
export async function averageRound({ architecture, options, examples, before }: Round, rows: readonly JobRow[], content: ContentStore): Promise<RoundAverage> {
  const contributions: Contribution[] = [];
  const excludedNodeIds: string[] = [];
  for (const [worker, row] of rows.entries()) {
    const weights = await usableWeights(row, architecture, content);
    if (weights === null) excludedNodeIds.push(row.nodeId ?? '');
    else contributions.push({ weights, examples: Math.ceil((examples - worker) / rows.length) });
  }
  return { weights: contributions.length === 0 ? null : averageWeights(contributions, options, before), excludedNodeIds };
}

/** Null for weights that are missing, broken or of another network: one bad worker does not end the run. */
async function usableWeights({ output }: JobRow, architecture: Architecture, content: ContentStore): Promise<Weights | null> {
  const { weightsContentId } = (output ?? {}) as { readonly weightsContentId?: Json };
  if (typeof weightsContentId !== 'string') return null;
  try {
    const { weights } = decodeWeights(await content.get(weightsContentId));
    requireFitting(architecture, weights);
    return weights;
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}
