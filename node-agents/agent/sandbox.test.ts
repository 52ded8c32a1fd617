import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { contentIdOf } from '@oort/kernel-content';
import { Fault, type Json } from '@oort/kernel-wire';
import type { RunOptions } from './execution-backend';
import { graphWall, hasBubblewrap, openSandbox, type Sandbox } from './sandbox';

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

const withWalls = hasBubblewrap() ? it : it.skip;

withWalls.each([['programs', false, []], ['what a driver may need, with a GPU', true, ['sees /etc/passwd\n']]] as const)('nothing of the host is seen from inside but %s', (_, gpu, seen) => {
  writeFileSync(join(directory, 'device-key.json'), 'secret');
  const places = [join(directory, 'device-key.json'), '/etc/passwd', homedir(), join(__dirname, '..', '..', '.oort', 'keys', 'chain.key')];
  const script = `const fs = require('node:fs');
    for (const place of ${JSON.stringify(places)}) { try { if (fs.statSync(place).isFile() || fs.readdirSync(place).length > 0) console.log('sees', place); } catch {} }
    for (const place of ['/x', ${JSON.stringify(join(__dirname, 'x'))}]) { try { fs.writeFileSync(place, 'x'); console.log('writes', place); } catch {} }
    console.log(process.cwd(), fs.readdirSync('.').length, Object.keys(require('node:os').networkInterfaces()).filter((name) => name !== 'lo').length)`;
  const [command = '', ...walls] = graphWall(directory, gpu);
  expect(spawnSync(command, [...walls, process.execPath, '-e', script], { env: {}, encoding: 'utf8' }).stdout).toBe(`${seen.join('')}/tmp/nowhere 0 0\n`);
});
