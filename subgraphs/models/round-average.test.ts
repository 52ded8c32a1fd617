import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWeights, initialWeights, readArchitecture, type Weights } from '@oort/algorithms-training';
import { diskContentStore } from '@oort/kernel-content';
import type { JobRow } from '@oort/projections-models';
import { averageRound, type Round } from './round-average';

const architecture = readArchitecture({ input: [1, 1, 2], labels: ['a', 'b'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });
const content = diskContentStore(mkdtempSync(join(tmpdir(), 'oort-average-')));
const all = (value: number): Weights => new Map([...initialWeights(architecture, 1)].map(([name, { shape, values }]) =>
  [name, { shape, values: values.map(() => value) }]));

async function row(nodeId: string, weights: Weights | null, claim = 1): Promise<JobRow> {
  const output = weights === null ? { weightsContentId: 'missing' } : { weightsContentId: await content.put(encodeWeights(weights)), examples: claim };
  return {
    id: nodeId, kind: 'training', subjectKind: 'training-run', subjectId: 'run_1', submitter: 'account_1', versionId: null, inputHash: null, inputHashes: null,
    status: 'COMPLETED', attempt: 1, nodeId, output, failure: null, position: '0',
  };
}

const round = (examples: number): Round => ({ architecture, examples, before: all(1), options: { averaging: 'auto', maximumUpdateNorm: 0 } });
const first = (weights: Weights | null): number | undefined => weights?.get('layer1.weight')?.values[0];

describe('the average of a round', () => {
  it('weighs workers by what was dealt out to them, whatever they claim', async () => {
    const { weights } = await averageRound(round(5), [await row('one', all(0)), await row('two', all(5), 1e9)], content);
    expect(first(weights)).toBeCloseTo(2);
  });

  it('leaves out weights that are missing, broken or of another network, and names their nodes', async () => {
    const other = new Map([['x', { shape: [1], values: Float32Array.of(1) }]]);
    const broken = all(Infinity);
    const rows = [await row('good', all(3)), await row('gone', null), await row('other', other), await row('broken', broken)];
    const { weights, excludedNodeIds } = await averageRound(round(8), rows, content);
    expect(first(weights)).toBe(3);
    expect(excludedNodeIds).toEqual(['gone', 'other', 'broken']);
  });

  it('shortens what moved too far from where the round began', async () => {
    // Six values a weight set, from 1: a change of 9 in each has the norm 9 sqrt 6.
    const options = { averaging: 'mean', maximumUpdateNorm: Math.sqrt(6) } as const;
    const { weights } = await averageRound({ ...round(4), options }, [await row('far', all(10)), await row('near', all(1.5))], content);
    expect(first(weights)).toBeCloseTo((2 + 1.5) / 2, 5);
  });

  it('is none when nobody returned usable weights', async () => {
    expect(await averageRound(round(1), [await row('gone', null)], content)).toEqual({ weights: null, excludedNodeIds: ['gone'] });
  });
});
