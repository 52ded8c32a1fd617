// Foreign jobs from their spec to their artifacts, on real walls. Skipped where they cannot be had.
import { contentIdOf } from '@oort/kernel-content';
import type { Json } from '@oort/kernel-wire';
import type { RunOptions } from '../execution-backend';
import { foreignBackend, isForeign } from './backend';
import { imageOf } from './fixture-image';
import { hasRunc, strongestWall } from './walls';

const walled = strongestWall() === 'process' ? describe.skip : describe;
const content = new Map<string, Buffer>();
const put = (bytes: Buffer): string => {
  const contentId = contentIdOf(bytes);
  content.set(contentId, bytes);
  return contentId;
};
const textOf = (contentId: string): string => content.get(contentId)?.toString() ?? '';

interface Foreign { readonly artifacts: readonly { readonly path: string; readonly contentId: string }[]; readonly artifactsRoot: string; readonly logContentId: string; readonly logLines: number }

async function run(kind: string, spec: Json, change: Partial<RunOptions> = {}): Promise<Foreign & { readonly units: number; readonly streamed: readonly string[] }> {
  const streamed: string[] = [];
  const nowhere = (): Promise<never> => Promise.reject(new TypeError('not asked for'));
  const { output, units } = await foreignBackend().run(kind, spec, {
    fetchContent: (contentId) => Promise.resolve(content.get(contentId) ?? Buffer.alloc(0)), storeContent: (bytes) => Promise.resolve(put(bytes)),
    checkpoint: nowhere, resume: null, signal: new AbortController().signal, checkpointEveryMs: 1000, timeoutMs: 20_000, log: (line) => { streamed.push(line); }, ...change,
  });
  return { ...output as unknown as Foreign, units, streamed };
}

/** WebAssembly, section by section: a WASI command whose `_start` is `code`, with proc_exit and fd_write imported, a memory and `data`. */
function wasm(code: readonly number[], data = ''): Buffer {
  const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
  const section = (id: number, body: readonly number[]): number[] => [id, ...leb(body.length), ...body];
  const wasi = text('wasi_snapshot_preview1');
  return Buffer.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [3, 0x60, 1, 0x7f, 0, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0]),
    ...section(2, [2, ...wasi, ...text('proc_exit'), 0, 0, ...wasi, ...text('fd_write'), 0, 1]),
    ...section(3, [1, 2]), ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text('memory'), 2, 0, ...text('_start'), 0, 2]),
    ...section(10, [1, ...leb(code.length + 2), 0, ...code, 0x0b]),
    // At 0 one vector for fd_write: where the text lies, and how long it is.
    ...section(11, [1, 0, 0x41, 0, 0x0b, ...leb(8 + data.length), 8, 0, 0, 0, data.length, 0, 0, 0, ...Buffer.from(data)]),
  ]);
}
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}
const printing = [0x41, 1, 0x41, 0, 0x41, 1, 0x41, 0xe4, 0, 0x10, 1, 0x1a];

it('knows which jobs are foreign', () => {
  expect([['preprocess', { program: {} }], ['container', {}], ['preprocess', { contentId: 'b' }], ['inference', {}]].map(([kind, spec]) => isForeign(String(kind), spec as Json)))
    .toEqual([true, true, false, false]);
});

walled('a program of WebAssembly', () => {
  const spec = (bytes: Buffer, more: object = {}): Json => ({ program: { language: 'wasm', contentId: put(bytes) }, ...more });

  it('runs as a WASI command, and its words are streamed and kept', async () => {
    const { streamed, logContentId, units } = await run('preprocess', spec(wasm(printing, 'hello wasi\n')));
    expect(streamed).toEqual(['hello wasi']);
    expect(textOf(logContentId)).toBe('hello wasi\n');
    expect(units).toBe(1);
  });

  it.each<readonly [string, readonly number[], object, string]>([
    ['never ends', [0x03, 0x40, 0x0c, 0, 0x0b], { resources: { timeLimitS: 1 } }, 'TIME_LIMIT'],
    ['eats memory', [0x03, 0x40, 0x41, 0xe8, 7, 0x40, 0, 0x1a, 0x41, 0, 0x41, 1, 0x3f, 0, 0x41, 16, 0x74, 0xfc, 11, 0, 0x0c, 0, 0x0b], { resources: { memoryMb: 16 } }, 'MEMORY_LIMIT'],
  ])('that %s is stopped and named', async (_, code, more, named) => {
    await expect(run('preprocess', spec(wasm(code), more))).rejects.toMatchObject({ code: named });
  });
});

walled('a script', () => {
  const spec = (source: string, more: object = {}): Json => ({ program: { language: 'quickjs', contentId: put(Buffer.from(source)) }, ...more });

  it('maps its inputs to outputs, which become artifacts under one root', async () => {
    const source = 'function main(inputs, [factor]) { print("lines", 3); return { "out/a.csv": inputs["in.csv"].split(",").map((one) => one * factor).join() }; }';
    const { artifacts, streamed, artifactsRoot } = await run('preprocess', {
      program: { language: 'quickjs', contentId: put(Buffer.from(source)), arguments: ['2'] }, inputs: [{ path: 'in.csv', contentId: put(Buffer.from('1,2,3')) }], outputs: ['out'] });
    expect(artifacts.map(({ path, contentId }) => [path, textOf(contentId)])).toEqual([['out/a.csv', '2,4,6']]);
    expect(streamed).toEqual(['lines 3']);
    expect(artifactsRoot).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<readonly [string, string, object, string]>([
    ['never ends', 'function main() { for (;;); }', { resources: { timeLimitS: 1 } }, 'TIME_LIMIT'],
    ['eats memory', 'function main() { const a = []; for (;;) a.push(new Array(10000).fill(1)); }', { resources: { memoryMb: 32 } }, 'MEMORY_LIMIT'],
    ['eats it to the last byte', 'function main() { const a = []; for (let i = 0;; i += 1) a.push("x" + i); }', { resources: { memoryMb: 32 } }, 'MEMORY_LIMIT'],
    ['throws nothing', 'function main() { throw null; }', {}, 'JOB_EXITED'],
    ['looks for the host', 'function main() { return { a: String(process.pid) }; }', {}, 'JOB_EXITED'],
    ['writes elsewhere', 'function main() { return { "../../usr/escaped": "x" }; }', {}, 'JOB_EXITED'],
    ['does not write what it promised', 'function main() {}', { outputs: ['a'] }, 'OUTPUT_MISSING'],
  ])('that %s is stopped and named', async (_, source, more, named) => {
    await expect(run('preprocess', spec(source, more))).rejects.toMatchObject({ code: named });
  });

  it('is told the limit that its job set, and not what its interpreter needs', async () => {
    await expect(run('preprocess', spec('function main() { const a = []; for (;;) a.push(new Array(10000).fill(1)); }', { resources: { memoryMb: 32 } })))
      .rejects.toThrow('the program used more than 32 MiB of memory');
  });
});

walled.each(['bubblewrap', ...(hasRunc() ? ['oci'] : [])])('a container behind %s', (sandbox) => {
  const image = put(imageOf({ command: ['/bin/sh', '-c', 'echo $GREETING $(cat in); id -u; echo data > out; echo x > /escaped'] }));
  const spec = (command: string | null, more: object = {}): Json => ({
    imageContentId: image, sandbox, ...(command === null ? {} : { command: ['/bin/sh', '-c', command] }), inputs: [{ path: 'in', contentId: put(Buffer.from('world')) }], ...more });

  it('runs its image with a root of its own that it cannot write', async () => {
    await expect(run('container', spec(null))).rejects.toMatchObject({ code: 'JOB_EXITED' });
    const { streamed, artifacts, units } = await run('container', spec('echo $GREETING $(cat in); echo data > out', { outputs: ['out'] }));
    expect(streamed).toEqual(['hello world']);
    expect(textOf(artifacts[0]?.contentId ?? '')).toBe('data\n');
    expect(units).toBe(1);
  });

  it.each<readonly [string, string, object, string]>([
    ['forks without end', 'f() { f | f & f; }; f', {}, 'TASK_LIMIT'],
    ['is refused a fork before anybody has looked', 'echo "sh: 1: Cannot fork" >&2; exit 2', {}, 'TASK_LIMIT'],
    ['fills the disk', 'while :; do head -c 1M /dev/zero >> f$((i=i+1)); done', { resources: { diskMb: 8 } }, 'DISK_LIMIT'],
    ['eats memory', 'y=x; n=0; while [ $n -lt 20 ]; do y=$y$y; n=$((n+1)); done; while :; do eval v$n=\\$y; n=$((n+1)); done', { resources: { memoryMb: 64 } }, 'MEMORY_LIMIT'],
    ['never ends', 'sleep 100', { resources: { timeLimitS: 1 } }, 'TIME_LIMIT'],
    ['leaves a link that leads out', 'rm -f out; ln -s /etc/passwd out 2>/dev/null || exit 7', { outputs: ['out'] }, 'JOB_EXITED'],
  ])('that %s is stopped and named', async (_, command, more, named) => {
    await expect(run('container', spec(command, more))).rejects.toMatchObject({ code: named });
  });
});
