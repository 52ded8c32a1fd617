import * as onnx from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { OfflineModel, OpenModel, releaseText, type Release, type SignedRelease } from './index';

const architecture = readArchitecture({ input: [1, 2, 2], labels: ['dark', 'bright'], layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });
const weights = new Map([
  ...initialWeights(architecture, 1), ['layer1.weight', { shape: [4, 2], values: Float32Array.of(0, 1, 0, 1, 0, 1, 0, 1) }] as const,
  ['layer1.bias', { shape: [2], values: Float32Array.of(2, 0) }] as const,
]);
const model = inferenceModel(architecture, weights);
const key = newDeviceKey();
const now = (): Date => new Date('2026-06-01T00:00:00.000Z');

function signed(change: Partial<Release> = {}, by = key): SignedRelease {
  const release = releaseText({
    kind: 'oort-model/1', versionId: 'version_1', modelId: 'model_1', name: 'light', modelContentId: contentIdOf(model), modelRoot: '00', labels: ['dark', 'bright'],
    input: [1, 2, 2], licence: 'Apache-2.0', licenceExpiresAt: null, ...change,
  });
  return { release, signature: signWith(by, release), publicKey: by.publicKey };
}

const open = (release = signed(), file: Uint8Array = model): Promise<OfflineModel> =>
  OfflineModel.open({ runtime: onnx, signed: release, model: file, trustedKey: key.publicKey, now });

describe('a version outside of the platform', () => {
  it('answers with a label, alone and among many', async () => {
    const offline = await open();
    expect(await offline.infer(Float32Array.of(0, 0, 0, 0))).toMatchObject({ label: 'dark' });
    const answers = await Promise.all(Array.from({ length: 70 }, (_, index) => offline.infer(new Float32Array(4).fill(index % 2))));
    expect(answers.map(({ label }) => label)).toEqual(answers.map((_, index) => (index % 2 === 0 ? 'dark' : 'bright')));
    await offline.close();
  });

  it.each([
    ['somebody else signed it', signed({}, newDeviceKey())],
    ['its text was changed', { ...signed(), release: signed().release.replace('light', 'night') }],
    ['its signature is none', { ...signed(), signature: 'zz' }],
    ['its licence has ended', signed({ licenceExpiresAt: '2026-05-31T00:00:00.000Z' })],
    ['it is of another form', signed({ kind: 'oort-model/2' as Release['kind'] })],
  ])('is refused when %s', async (_, release) => {
    await expect(open(release)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  });

  it('is refused with another file than the one that was signed', async () => {
    await expect(open(signed(), Buffer.concat([model, Buffer.from([0])]))).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  });

  it('stops answering when its licence ends', async () => {
    let time = new Date('2026-06-01T00:00:00.000Z');
    const offline = await OfflineModel.open({
      runtime: onnx, signed: signed({ licenceExpiresAt: '2026-06-02T00:00:00.000Z' }), model, trustedKey: key.publicKey, now: () => time,
    });
    await offline.infer(new Float32Array(4));
    time = new Date('2026-06-03T00:00:00.000Z');
    await expect(offline.infer(new Float32Array(4))).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    await offline.close();
  });
});

describe('an open model', () => {
  it('takes its inputs by name and gives every output, and says what does not fit', async () => {
    const opened = await OpenModel.open(onnx, model);
    const feed = { name: 'image', type: 'float32', dims: [1, 1, 2, 2], values: [1, 1, 1, 1] };
    const outputs = await opened.run([feed]);
    expect(outputs.map(({ name, dims }) => [name, dims])).toEqual([['logits', [1, 2]], ['probabilities', [1, 2]]]);
    expect(Array.from(outputs[0]?.values ?? [])).toEqual([2, 4]);
    await expect(opened.run([{ ...feed, name: 'sound' }])).rejects.toMatchObject({ code: 'MODEL_REFUSED' });
    await expect(opened.run([{ ...feed, values: [1] }])).rejects.toMatchObject({ code: 'MODEL_REFUSED' });
    await expect(opened.run([{ ...feed, type: 'string' }])).rejects.toMatchObject({ code: 'MODEL_REFUSED' });
    await expect(opened.inferRows([[1, 1, 1, 1], [1]])).rejects.toMatchObject({ code: 'MODEL_REFUSED' });
    await opened.release();
  });
});
