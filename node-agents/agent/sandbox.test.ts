import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { contentIdOf } from '@oort/kernel-content';
import { Fault, type Json } from '@oort/kernel-wire';
import type { RunOptions } from './execution-backend';
import { openSandbox, type Sandbox } from './sandbox';

const directory = mkdtempSync(join(tmpdir(), 'oort-sandbox-'));
let sandbox: Sandbox;

beforeAll(() => { sandbox = openSandbox({ directory }); });
afterAll(() => {
  sandbox.close();
  rmSync(directory, { recursive: true });
});

const png = PNG.sync.write(new PNG({ width: 4, height: 4 }));
const spec: Json = { contentId: contentIdOf(png), mediaType: 'image/png' };
const options = (change: Partial<RunOptions> = {}): RunOptions => ({
  fetchContent: () => Promise.resolve(png), storeContent: (bytes) => Promise.resolve(contentIdOf(bytes)), checkpoint: () => Promise.resolve(),
  resume: null, signal: new AbortController().signal, checkpointEveryMs: 1000, timeoutMs: 20_000, ...change,
});

describe('the sandbox', () => {
  it('runs a job in another process, which asks the agent for bytes', async () => {
    const { output, units } = await sandbox.run('preprocess', spec, options());
    expect(output).toMatchObject({ width: 4, height: 4 });
    expect(units).toBe(1);
  });

  it('tells why an executor refused, and goes on', async () => {
    await expect(sandbox.run('preprocess', spec, options({ fetchContent: () => Promise.resolve(Buffer.from('x')) }))).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
    await expect(sandbox.run('container', spec, options())).rejects.toMatchObject({ code: 'KIND_NOT_SERVED' });
    const unavailable = (): Promise<never> => Promise.reject(new Fault('CONTENT_UNAVAILABLE', 'gone'));
    await expect(sandbox.run('preprocess', spec, options({ fetchContent: unavailable }))).rejects.toMatchObject({ code: 'CONTENT_UNAVAILABLE' });
    expect((await sandbox.run('preprocess', spec, options())).units).toBe(1);
  });

  it('is killed when a run takes too long, and starts again for the next', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    await expect(sandbox.run('preprocess', spec, options({ fetchContent: never, timeoutMs: 50 }))).rejects.toMatchObject({ code: 'SANDBOX_DIED' });
    expect((await sandbox.run('preprocess', spec, options())).units).toBe(1);
  });
});
