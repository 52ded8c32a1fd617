import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { commitBytes } from '@oort/algorithms-possession';
import { inferenceModel, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import { newDeviceKey, signWith, verifySignature } from '@oort/kernel-identity';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import { OfflineInference, type OfferedDeployment } from './index';

const platform = newDeviceKey();
const device = newDeviceKey();
const labels = ['dark', 'bright'];
const architecture = readArchitecture({ input: [1, 2, 2], labels, layers: [{ kind: 'flatten' }, { kind: 'dense', units: 2 }] });
/** Brightness minus one half decides. */
const model = inferenceModel(architecture, new Map([
  ['layer1.weight', { shape: [4, 2], values: Float32Array.of(0, 1, 0, 1, 0, 1, 0, 1) }],
  ['layer1.bias', { shape: [2], values: Float32Array.of(2, 0) }],
]));

function image(level: number): Buffer {
  const png = new PNG({ width: 2, height: 2 });
  for (let index = 0; index < 4; index += 1) png.data.set([level, level, level, 255], index * 4);
  return PNG.sync.write(png);
}

function offer(id: string, change: { readonly expires?: string; readonly nodeId?: string; readonly root?: string } = {}): OfferedDeployment {
  const licenceExpiresAt = change.expires ?? '2030-01-01T00:00:00.000Z';
  const facts = { deploymentId: id, versionId: 'version_1' };
  const bundle = canonicalJson({ ...facts, modelContentId: contentIdOf(model), modelRoot: change.root ?? commitBytes(model).root, labels, nodeIds: ['node_1'], licenceExpiresAt });
  const licence = canonicalJson({ ...facts, nodeId: change.nodeId ?? 'node_1', licenceExpiresAt });
  return { ...facts, bundle, signature: signWith(platform, bundle), licence: `${Buffer.from(licence).toString('base64url')}.${signWith(platform, licence)}` };
}

interface Sent { readonly packet: string; readonly signature: string }

function world() {
  const directory = mkdtempSync(join(tmpdir(), 'oort-edge-'));
  const platformSide = { offered: [offer('deployment_1')], acknowledged: [] as string[], sent: [] as Sent[], loseAnswers: false, refuse: false, warnings: [] as string[] };
  const start = (): OfflineInference => new OfflineInference({
    directory, nodeId: 'node_1', key: device, platformPublicKey: platform.publicKey, now: () => new Date('2026-01-01T00:00:00.000Z'),
    fetchContent: () => Promise.resolve(model), warn: (text) => platformSide.warnings.push(text),
    graphql: <T>(document: string, variables: { readonly [name: string]: Json }) => {
      const { input } = variables as unknown as { input: Sent & { deploymentId: string } };
      if (document.includes('myDeployments')) return Promise.resolve({ myDeployments: platformSide.offered } as T);
      if (document.includes('acknowledge')) platformSide.acknowledged.push(input.deploymentId);
      if (!document.includes('reportOfflineUsage')) return Promise.resolve({} as T);
      platformSide.sent.push(input);
      if (platformSide.loseAnswers) return Promise.reject(new Error('connection reset'));
      return Promise.resolve({ reportOfflineUsage: platformSide.refuse ? { __typename: 'Refusal', code: 'LICENCE_EXPIRED' } : { __typename: 'OfflineUsage' } } as T);
    },
  });
  const put = (name: string, bytes: Buffer): void => { writeFileSync(join(directory, 'inbox', name), bytes); };
  const answer = (name: string): unknown => JSON.parse(readFileSync(join(directory, 'outbox', `${name}.json`), 'utf8'));
  const cut = (): void => { writeFileSync(join(directory, 'network-off'), ''); };
  const reconnect = (): void => { rmSync(join(directory, 'network-off')); };
  return { directory, platformSide, start, put, answer, cut, reconnect: reconnect };
}

describe('a device without a network', () => {
  it('predicts from files with what it installed before, and reports once when it is back', async () => {
    const { platformSide, start, put, answer, cut, reconnect } = world();
    await start().synchronise();
    expect(platformSide.acknowledged).toEqual(['deployment_1']);
    cut();
    const offline = start();
    await expect(offline.synchronise()).rejects.toMatchObject({ code: 'NETWORK_OFF' });
    put('a.png', image(20));
    put('b.png', image(240));
    expect(await offline.answerAll()).toBe(2);
    expect(answer('a.png')).toMatchObject({ label: 'dark', deploymentId: 'deployment_1' });
    expect(answer('b.png')).toMatchObject({ label: 'bright' });
    expect(await offline.answerAll()).toBe(0);
    expect(platformSide.sent).toEqual([]);
    reconnect();
    await offline.synchronise();
    await offline.synchronise();
    await start().synchronise();
    expect(platformSide.sent).toHaveLength(1);
    const [{ packet, signature } = { packet: '', signature: '' }] = platformSide.sent;
    expect(verifySignature(device.publicKey, packet, signature)).toBe(true);
    expect((JSON.parse(packet) as { predictions: object[] }).predictions).toHaveLength(2);
  });

  it('sends the same packet again when the answer was lost', async () => {
    const { platformSide, start, put } = world();
    const agent = start();
    await agent.synchronise();
    put('a.png', image(20));
    await agent.answerAll();
    platformSide.loseAnswers = true;
    await expect(agent.synchronise()).rejects.toThrow('connection reset');
    platformSide.loseAnswers = false;
    await start().synchronise();
    expect(platformSide.sent).toHaveLength(2);
    expect(platformSide.sent[1]).toEqual(platformSide.sent[0]);
  });

  it('keeps a refused packet aside and does not send it again', async () => {
    const { directory, platformSide, start, put } = world();
    const agent = start();
    await agent.synchronise();
    put('a.png', image(20));
    await agent.answerAll();
    platformSide.refuse = true;
    await agent.synchronise();
    await agent.synchronise();
    expect(platformSide.sent).toHaveLength(1);
    expect(readdirSync(join(directory, 'usage', 'refused'))).toHaveLength(1);
  });

  it('answers tensors by name too, and says what is wrong with those that do not fit', async () => {
    const { start, put, answer, platformSide } = world();
    const device = start();
    await device.synchronise();
    const feed = { name: 'image', type: 'float32', dims: [1, 1, 2, 2], values: [1, 1, 1, 1] };
    put('bright.json', Buffer.from(JSON.stringify([feed])));
    put('narrow.json', Buffer.from(JSON.stringify([{ ...feed, dims: [1, 1, 1, 1], values: [1] }])));
    put('strange.json', Buffer.from('{"name": 1}'));
    expect(await device.answerAll()).toBe(1);
    expect(answer('bright.json')).toMatchObject({ label: 'bright', versionId: 'version_1', outputs: [{ name: 'logits', dims: [1, 2] }, { name: 'probabilities' }] });
    expect(answer('narrow.json')).toMatchObject({ error: { code: 'MODEL_REFUSED' } });
    expect(answer('strange.json')).toEqual({ error: { code: 'MODEL_REFUSED', message: 'the file is not a JSON list of {name, type, dims, values}' } });
    await device.synchronise();
    expect(JSON.parse(platformSide.sent[0]?.packet ?? '{}')).toMatchObject({ predictions: [{ label: 'bright' }] });
  });

  it('says of an unreadable image that it is, and goes on', async () => {
    const { start, put, answer } = world();
    const agent = start();
    await agent.synchronise();
    put('a.png', Buffer.from('no image'));
    put('b.png', image(240));
    expect(await agent.answerAll()).toBe(1);
    expect(answer('a.png')).toMatchObject({ error: { code: 'IMAGE_UNREADABLE' } });
    expect(answer('b.png')).toMatchObject({ label: 'bright' });
  });
});

describe('a deployment', () => {
  it.each([
    ['signed by somebody else', { ...offer('deployment_2'), signature: signWith(device, offer('deployment_2').bundle) }],
    ['licensed by somebody else', { ...offer('deployment_2'), licence: offer('deployment_2').licence.replace(/\..*/, `.${'0'.repeat(128)}`) }],
    ['licensed to another node', offer('deployment_2', { nodeId: 'node_2' })],
    ['licensed until yesterday', offer('deployment_2', { expires: '2025-12-31T00:00:00.000Z' })],
    ['with the licence of another', { ...offer('deployment_2'), licence: offer('deployment_3').licence }],
    ['of another file', offer('deployment_2', { root: '00'.repeat(32) })],
  ])('is not installed when it is %s', async (_, deployment) => {
    const { directory, platformSide, start } = world();
    platformSide.offered = [deployment];
    await start().synchronise();
    expect(existsSync(join(directory, 'deployments', 'deployment_2.json'))).toBe(false);
    expect(platformSide.acknowledged).toEqual([]);
    expect(platformSide.warnings).toHaveLength(1);
  });

  it('is removed when it was taken back, and an image waits for the next', async () => {
    const { platformSide, start, put } = world();
    const agent = start();
    await agent.synchronise();
    platformSide.offered = [];
    await agent.synchronise();
    put('a.png', image(20));
    expect(await agent.answerAll()).toBe(0);
    platformSide.offered = [offer('deployment_4')];
    await agent.synchronise();
    expect(await agent.answerAll()).toBe(1);
  });

  it('is not loaded again when somebody changed the file on disk', async () => {
    const { directory, start, put } = world();
    await start().synchronise();
    writeFileSync(join(directory, 'deployments', 'deployment_1.onnx'), 'other');
    put('a.png', image(20));
    await expect(start().answerAll()).rejects.toMatchObject({ code: 'DEPLOYMENT_REFUSED' });
  });
});
