import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWeights, initialWeights, readArchitecture, type Weights } from '@oort/algorithms-training';
import { diskContentStore } from '@oort/kernel-content';
import type { JobRow } from '@oort/projections-models';
import { averageRound } from './round-average';

const architecture = readArchitecture({ input: [1, 1, 2], labels: ['a', 'b'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });
const content = diskContentStore(mkdtempSync(join(tmpdir(), 'oort-average-')));
const all = (value: number): Weights => new Map([...initialWeights(architecture, 1)].map(([name, { shape, values }]) =>
  [name, { shape, values: values.map(() => value) }]));

async function row(nodeId: string, weights: Weights | null, claim = 1): Promise<JobRow> {
  const output = weights === null ? { weightsContentId: 'missing' } : { weightsContentId: await content.put(encodeWeights(weights)), examples: claim };
  return {
    id: nodeId, kind: 'training', subjectKind: 'training-run', subjectId: 'run_1', submitter: 'account_1', versionId: null, inputHash: null,
    status: 'COMPLETED', attempt: 1, nodeId, output, failure: null, position: '0',
  };
}

const first = (weights: Weights | null): number | undefined => weights?.get('layer1.weight')?.values[0];

describe('the average of a round', () => {
  it('weighs workers by what was dealt out to them, whatever they claim', async () => {
    const { weights } = await averageRound(architecture, [await row('one', all(0)), await row('two', all(5), 1e9)], 5, content);
    expect(first(weights)).toBeCloseTo(2);
  });

  it('leaves out weights that are missing, broken or of another network, and names their nodes', async () => {
    const other = new Map([['x', { shape: [1], values: Float32Array.of(1) }]]);
    const broken = all(Infinity);
    const rows = [await row('good', all(3)), await row('gone', null), await row('other', other), await row('broken', broken)];
    const { weights, excludedNodeIds } = await averageRound(architecture, rows, 8, content);
    expect(first(weights)).toBe(3);
    expect(excludedNodeIds).toEqual(['gone', 'other', 'broken']);
  });

  it('is none when nobody returned usable weights', async () => {
    expect(await averageRound(architecture, [await row('gone', null)], 1, content)).toEqual({ weights: null, excludedNodeIds: ['gone'] });
  });
});
