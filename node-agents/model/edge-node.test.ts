import * as onnx from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { verifySignature } from '@oort/kernel-identity';
import { EdgeNode, type KeyValue } from './index';
import { FixturePlatform } from './fixture-platform';

const labels = ['dark', 'bright'];
const architecture = readArchitecture({ input: [1, 2, 2], labels, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });
const model = inferenceModel(architecture, new Map([
  ...initialWeights(architecture, 1), ['layer1.weight', { shape: [4, 2], values: Float32Array.of(0, 1, 0, 1, 0, 1, 0, 1) }] as const,
  ['layer1.bias', { shape: [2], values: Float32Array.of(2, 0) }] as const,
]));
const later = '2999-01-01T00:00:00.000Z';
const bright = new Float32Array(4).fill(1);

function memory(): KeyValue & { readonly kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  return {
    kept, get: (key) => Promise.resolve(kept.get(key) ?? null), set: (key, value) => { kept.set(key, value); return Promise.resolve(); },
    delete: (key) => { kept.delete(key); return Promise.resolve(); }, keys: (prefix) => Promise.resolve([...kept.keys()].filter((key) => key.startsWith(prefix))),
  };
}

let platform: FixturePlatform;
let url = '';
beforeEach(async () => {
  platform = new FixturePlatform('token_1');
  url = await platform.listen();
  platform.offered = [platform.offer('deployment_1', model, labels, later)];
});
afterEach(() => { platform.close(); });

const start = (storage: KeyValue, token: string | null = 'token_1'): Promise<EdgeNode> =>
  EdgeNode.start({ runtime: onnx, storage, platform: url, ingest: url, operator: '0x01', ...(token === null ? {} : { token }) });

describe('an edge node in a browser', () => {
  it('enrols once, installs, answers without a network, and reports once', async () => {
    const storage = memory();
    const node = await start(storage);
    await node.synchronise();
    expect(platform.acknowledged).toEqual(['deployment_1']);
    platform.close();
    const offline = await start(storage, null);
    expect(offline.nodeId).toBe('node_1');
    expect(await offline.infer(bright)).toMatchObject({ label: 'bright' });
    expect(await offline.infer(new Float32Array(4))).toMatchObject({ label: 'dark' });
    await expect(offline.synchronise()).rejects.toThrow();
  });

  it.each([-26, 26])('goes by the platform\'s time on a device whose clock is off by %d hours', async (hours) => {
    const storage = memory();
    const device = { runtime: onnx, storage, platform: url, ingest: url, operator: '0x01', token: 'token_1', now: () => new Date(Date.now() + hours * 3_600_000) };
    platform.offered = [platform.offer('deployment_1', model, labels, new Date(Date.now() + 3_600_000).toISOString())];
    await (await EdgeNode.start(device)).synchronise();
    // Started again, it has to learn the time anew.
    const node = await EdgeNode.start(device);
    await node.synchronise();
    expect(await node.infer(bright)).toMatchObject({ label: 'bright' });
    await node.synchronise();
    const [said] = platform.reported.map(({ packet }) => (JSON.parse(packet) as { readonly predictions: readonly { readonly predictedAt: string }[] }).predictions[0]?.predictedAt ?? '');
    expect(Math.abs(Date.parse(said ?? '') - Date.now())).toBeLessThan(3_600_000);
  });

  it('sends the same signed packet until the platform answered', async () => {
    const storage = memory();
    const node = await start(storage);
    await node.synchronise();
    await node.infer(bright);
    platform.loseAnswer = true;
    await expect(node.synchronise()).rejects.toThrow();
    platform.loseAnswer = false;
    await (await start(storage, null)).synchronise();
    await node.synchronise();
    expect(platform.reported).toHaveLength(2);
    expect(platform.reported[1]).toEqual(platform.reported[0]);
    const [{ packet, signature } = { packet: '', signature: '' }] = platform.reported;
    expect(verifySignature(platform.devicePublicKey, packet, signature)).toBe(true);
    expect(JSON.parse(packet)).toMatchObject({ deploymentId: 'deployment_1', versionId: 'version_1', nodeId: 'node_1', predictions: [{ label: 'bright' }] });
  });

  it('goes back to the deployment before when the newest is taken back, and to none without a licence', async () => {
    const storage = memory();
    const node = await start(storage);
    const renamed = platform.offer('deployment_2', model, ['night', 'day'], later);
    platform.offered = [renamed, ...platform.offered];
    await node.synchronise();
    expect(await node.infer(bright)).toMatchObject({ label: 'day' });
    platform.offered = platform.offered.slice(1);
    await node.synchronise();
    expect(await node.infer(bright)).toMatchObject({ label: 'bright' });
    platform.offered = [platform.offer('deployment_3', model, labels, '2020-01-01T00:00:00.000Z')];
    await node.synchronise();
    expect(await node.infer(bright)).toBeNull();
  });

  it('is refused without a token that the platform knows, and keeps its key for the next try', async () => {
    const storage = memory();
    await expect(start(storage, null)).rejects.toMatchObject({ code: 'NO_TOKEN' });
    await expect(start(storage, 'other')).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    const seed = storage.kept.get('seed');
    await start(storage);
    expect(storage.kept.get('seed')).toEqual(seed);
  });

  it('installs no file but the one that was signed', async () => {
    const node = await start(memory());
    for (const contentId of platform.contents.keys()) platform.contents.set(contentId, Buffer.from('other'));
    await expect(node.synchronise()).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    expect(await node.infer(bright)).toBeNull();
  });
});
