// The library in a real browser: Debian's chromium, driven by playwright-core, with onnxruntime-web. All three are there on demand.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as onnx from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { FixturePlatform } from './fixture-platform';
import { OfflineModel, releaseText } from './index';

interface Page { goto(url: string): Promise<unknown>; title(): Promise<string>; waitForFunction(code: string): Promise<unknown> }
interface Browser { newPage(): Promise<Page>; close(): Promise<void> }
interface Playwright { readonly chromium: { launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<Browser> } }

const modules = join(__dirname, '..', '..', 'bench', 'peers', 'models', 'node_modules');
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const runtime = join(modules, 'onnxruntime-web', 'dist');
const there = chromium !== undefined && existsSync(runtime) && existsSync(join(modules, 'playwright-core'));
if (!there) process.stderr.write('no chromium, or onnxruntime-web and playwright-core are not installed (npm ci in bench/peers/models), so the browser test is skipped\n');

const architecture = readArchitecture({
  input: [1, 8, 8], labels: ['a', 'b', 'c'],
  layers: [{ kind: 'conv2d', filters: 4, kernel: 3 }, { kind: 'batch-norm' }, { kind: 'gelu' }, { kind: 'max-pool', size: 2 }, { kind: 'flatten' }, { kind: 'dense', units: 3 }],
});
const model = inferenceModel(architecture, initialWeights(architecture, 5));
const key = newDeviceKey();
const release = releaseText({
  kind: 'oort-model/1', versionId: 'version_1', modelId: 'model_1', name: 'm', modelContentId: contentIdOf(model), modelRoot: '00', labels: ['a', 'b', 'c'], input: [1, 8, 8],
  licence: 'MIT', licenceExpiresAt: null,
});
const signed = { release, signature: signWith(key, release), publicKey: key.publicKey };
const input = Array.from({ length: 64 }, (_, place) => Math.fround((place % 7) / 7));

async function serve(): Promise<FixturePlatform> {
  const { outputFiles: [page] } = await build({ entryPoints: [join(__dirname, 'fixture-page.ts')], bundle: true, format: 'iife', platform: 'browser', write: false });
  const script = (name: string): readonly [string, Buffer] => [name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript', readFileSync(join(runtime, name))];
  const platform = new FixturePlatform('token_1', {
    '/': ['text/html', '<!doctype html><title></title><script src="/ort/ort.wasm.min.js"></script><script src="/page.js"></script>'],
    '/page.js': ['text/javascript', page?.contents ?? ''], '/case.json': ['application/json', JSON.stringify({ signed, trustedKey: key.publicKey, input })],
    '/model.onnx': ['application/octet-stream', model],
    ...Object.fromEntries(['ort.wasm.min.js', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'].map((name) => [`/ort/${name}`, script(name)])),
  });
  platform.offered = [platform.offer('deployment_1', model, ['a', 'b', 'c'], '2999-01-01T00:00:00.000Z')];
  return platform;
}

(there ? test : test.skip)('a browser verifies a version, answers as Node does, and is an edge node', async () => {
  const platform = await serve();
  const url = await platform.listen();
  const { chromium: launcher } = createRequire(join(modules, 'package.json'))('playwright-core') as Playwright;
  const browser = await launcher.launch({ executablePath: chromium ?? '', args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction('document.title !== ""');
    const seen = JSON.parse(await page.title()) as { readonly error?: string; readonly label: string; readonly scores: readonly number[]; readonly forged: string; readonly asNode: string };
    expect(seen.error).toBeUndefined();
    const here = await OfflineModel.open({ runtime: onnx, signed, model, trustedKey: key.publicKey });
    const wanted = await here.infer(Float32Array.from(input));
    expect(seen.label).toBe(wanted.label);
    wanted.scores.forEach((score, place) => { expect(seen.scores[place]).toBeCloseTo(score, 4); });
    expect(seen.forged).toBe('RELEASE_REFUSED');
    expect(seen.asNode).toBe(wanted.label);
    expect([platform.acknowledged, platform.reported.length]).toEqual([['deployment_1'], 1]);
    await here.close();
  } finally {
    await browser.close();
    platform.close();
  }
});
