// The library in a real browser: Debian's chromium, driven by playwright-core, with onnxruntime-web. All three are there on demand.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as onnx from 'onnxruntime-node';
import { inferenceModel, initialWeights, readArchitecture } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
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

let server: Server;

async function serve(): Promise<string> {
  const { outputFiles: [page] } = await build({ entryPoints: [join(__dirname, 'fixture-page.ts')], bundle: true, format: 'iife', platform: 'browser', write: false });
  const files: Readonly<Record<string, readonly [type: string, body: string | Uint8Array]>> = {
    '/': ['text/html', '<!doctype html><title></title><script src="/ort/ort.wasm.min.js"></script><script src="/page.js"></script>'],
    '/page.js': ['text/javascript', page?.contents ?? ''], '/case.json': ['application/json', JSON.stringify({ signed, trustedKey: key.publicKey, input })],
    '/model.onnx': ['application/octet-stream', model],
  };
  server = createServer((request, response) => {
    const [, name] = /^\/ort\/([\w.-]+)$/.exec(request.url ?? '') ?? [];
    const file = name === undefined ? files[request.url ?? ''] : [name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript', readFileSync(join(runtime, name))] as const;
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': file[0] }).end(file[1]);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
}

(there ? test : test.skip)('a browser verifies a version and answers as Node does', async () => {
  const url = await serve();
  const { chromium: launcher } = createRequire(join(modules, 'package.json'))('playwright-core') as Playwright;
  const browser = await launcher.launch({ executablePath: chromium ?? '', args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction('document.title !== ""');
    const seen = JSON.parse(await page.title()) as { readonly error?: string; readonly label: string; readonly scores: readonly number[]; readonly forged: string };
    expect(seen.error).toBeUndefined();
    const here = await OfflineModel.open({ runtime: onnx, signed, model, trustedKey: key.publicKey });
    const wanted = await here.infer(Float32Array.from(input));
    expect(seen.label).toBe(wanted.label);
    wanted.scores.forEach((score, place) => { expect(seen.scores[place]).toBeCloseTo(score, 4); });
    expect(seen.forged).toBe('RELEASE_REFUSED');
    await here.close();
  } finally {
    await browser.close();
    server.close();
  }
});
