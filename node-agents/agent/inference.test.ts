import { decodeImage, inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import type { Json } from '@oort/kernel-wire';
import { PNG } from 'pngjs';
import type { ExecutorPorts } from './executors';
import { runInference } from './inference';

const labels = ['a', 'b', 'c'];
const architecture = readArchitecture({ input: [1, 2, 2], labels, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 3 }] });
const contents = new Map<string, Buffer>();

function put(bytes: Buffer): string {
  const id = contentIdOf(bytes);
  contents.set(id, bytes);
  return id;
}

const ports: ExecutorPorts = {
  fetchContent: (id) => Promise.resolve(contents.get(id) ?? Buffer.alloc(0)), storeContent: (bytes) => Promise.resolve(put(bytes)),
  checkpoint: () => Promise.resolve(), resume: null, signal: new AbortController().signal, checkpointEveryMs: 1000,
};
const modelContentId = put(inferenceModel(architecture, initialWeights(architecture, 2)));

interface Output { readonly outputs: number[][]; readonly labels?: Json; readonly names?: string[]; readonly dims?: number[][] }
const infer = async (spec: Json): Promise<Output> => (await runInference(spec, ports)).output as unknown as Output;

describe('an inference job', () => {
  const rows = [[0, 0.25, 0.5, 1], [1, 1, 1, 1], [0.5, 0, 0, 0]];

  it('answers each of its rows, in their order, whatever else is in the batch', async () => {
    const { outputs, labels: named } = await infer({ modelContentId, input: rows, labels });
    const alone = await Promise.all(rows.map((row) => infer({ modelContentId, input: [row], labels })));
    outputs.forEach((row, index) => { row.forEach((value, place) => { expect(value).toBeCloseTo(alone[index]?.outputs[0]?.[place] ?? NaN, 5); }); });
    expect(named).toEqual(alone.map(({ labels: own }) => (own as string[])[0]));
    expect((await runInference({ modelContentId, input: rows }, ports)).units).toBe(3);
  });

  it('takes images from contents as the network was trained on them', async () => {
    const image = new PNG({ width: 2, height: 2 });
    image.data.set([0, 0, 0, 255, 64, 64, 64, 255, 128, 128, 128, 255, 255, 255, 255, 255]);
    const bytes = PNG.sync.write(image);
    expect(decodeImage(bytes).width).toBe(2);
    const [seen = []] = (await infer({ modelContentId, inputContentId: put(bytes) })).outputs;
    const [given = []] = (await infer({ modelContentId, input: [[0, 64 / 255, 128 / 255, 1]] })).outputs;
    seen.forEach((value, place) => { expect(value).toBeCloseTo(given[place] ?? NaN, 5); });
  });

  it('takes inputs by name, from the spec or from a content, and gives every output', async () => {
    const feeds = [{ name: 'image', type: 'float32', dims: [1, 1, 2, 2], values: rows[0] ?? [] }];
    const { outputs, names, dims } = await infer({ modelContentId, feeds });
    expect([names, dims]).toEqual([['logits', 'probabilities'], [[1, 3], [1, 3]]]);
    expect(outputs[0]).toEqual((await infer({ modelContentId, input: [rows[0] ?? []] })).outputs[0]);
    expect(await infer({ modelContentId, feedsContentId: put(Buffer.from(JSON.stringify(feeds))) })).toEqual({ outputs, names, dims });
  });

  it('keeps a large answer as a content', async () => {
    const count = 5000;
    const feeds = [{ name: 'image', type: 'float32', dims: [count, 1, 2, 2], values: Array<number>(4 * count).fill(0.5) }];
    const { output } = await runInference({ modelContentId, feeds }, ports);
    const { outputsContentId = '', dims } = output as unknown as { readonly outputsContentId?: string; readonly dims: Json };
    expect(output).not.toHaveProperty('outputs');
    expect(dims).toEqual([[count, 3], [count, 3]]);
    const kept = JSON.parse(String(contents.get(outputsContentId))) as number[][];
    expect(kept.map((row) => row.length)).toEqual([3 * count, 3 * count]);
  });

  it('reads no file that a model names', async () => {
    // A second graph adds to the first: { initializer { data_location: EXTERNAL } }.
    const hostile = Buffer.concat([contents.get(modelContentId) ?? Buffer.alloc(0), Buffer.from([0x3a, 4, 0x2a, 2, 0x70, 1])]);
    await expect(infer({ modelContentId: put(hostile), input: rows })).rejects.toMatchObject({ code: 'MODEL_NOT_SELF_CONTAINED' });
  });

  it('says what is wrong with a model or its inputs', async () => {
    await expect(infer({ modelContentId: put(Buffer.from('no model')), input: rows })).rejects.toThrow();
    await expect(infer({ modelContentId, feeds: [{ name: 'sound', type: 'float32', dims: [1], values: [0] }] })).rejects.toMatchObject({ code: 'MODEL_REFUSED' });
    await expect(infer({ modelContentId, input: [[1], [1, 2]] })).rejects.toMatchObject({ code: 'MODEL_REFUSED' });
  });
});
