// A platform's two doors as a pull sees them, and what a folder is worth afterwards.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { openPulled, pullModel } from './pull';
import { releaseText, type SignedRelease } from './release';

const architecture = readArchitecture({ input: [2], labels: ['a', 'b'], layers: [{ kind: 'dense', units: 2 }] });
const model = inferenceModel(architecture, initialWeights(architecture, 1));
const key = newDeviceKey();
const sign = (by = key): SignedRelease => {
  const release = releaseText({
    kind: 'oort-model/1', versionId: 'version_1', modelId: 'model_1', name: 'm', modelContentId: contentIdOf(model), modelRoot: '00', labels: ['a', 'b'], input: [2],
    licence: 'MIT', licenceExpiresAt: null,
  });
  return { release, signature: signWith(by, release), publicKey: by.publicKey };
};

let server: Server;
let offered: SignedRelease | null = null;
let file: Uint8Array = model;
let fileStatus = 200;
let folder = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/graphql') response.end(JSON.stringify({ data: { modelRelease: offered } }));
    else response.writeHead(fileStatus).end(file);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oort-pull-'));
  [offered, file, fileStatus] = [sign(), model, 200];
});

afterEach(() => { rmSync(folder, { recursive: true }); });
afterAll(() => { server.close(); });

const pull = (trustedKey?: string): ReturnType<typeof pullModel> => {
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return pullModel({ versionId: 'version_1', platform: url, ingest: url, folder, ...(trustedKey === undefined ? {} : { trustedKey }) });
};

describe('a pull', () => {
  it('keeps a version that runs afterwards without a platform', async () => {
    const pulled = await pull(key.publicKey);
    expect(pulled).toMatchObject({ trustedKey: key.publicKey, release: { name: 'm' } });
    const opened = await openPulled(pulled.folder, key.publicKey);
    expect((await opened.infer(Float32Array.of(0, 1))).scores).toHaveLength(2);
    await opened.close();
    writeFileSync(join(pulled.folder, 'model.onnx'), 'other');
    await expect(openPulled(pulled.folder, key.publicKey)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  });

  it('believes the platform\'s key the first time, and nobody else\'s after it', async () => {
    expect((await pull()).trustedKey).toBe(key.publicKey);
    offered = sign(newDeviceKey());
    await expect(pull()).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  });

  it('keeps nothing of what does not hold', async () => {
    file = Buffer.from('other');
    await expect(pull()).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
    offered = null;
    await expect(pull()).rejects.toMatchObject({ code: 'PULL_REFUSED' });
    [offered, fileStatus] = [sign(), 401];
    await expect(pull()).rejects.toThrow('not open to all');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says in a line what is away or damaged', async () => {
    const away = 'http://127.0.0.1:9';
    await expect(pullModel({ versionId: 'version_1', platform: away, ingest: away, folder })).rejects.toMatchObject({ code: 'PULL_REFUSED', message: `${away} does not answer` });
    const pulled = await pull();
    for (const damaged of ['{', '[]', '']) {
      writeFileSync(join(pulled.folder, 'release.json'), damaged);
      await expect(openPulled(pulled.folder, key.publicKey)).rejects.toMatchObject({ code: 'RELEASE_REFUSED', message: 'release.json is damaged' });
    }
    await expect(openPulled(join(folder, 'none'), key.publicKey)).rejects.toMatchObject({ code: 'RELEASE_REFUSED' });
  });
});
