// All of it or nothing: where a value cannot be encoded, where the disk is full, and where the process is killed in the middle.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writes } from './atomic';
import { openChainStore } from './store';
import type { ChainStore } from './store';

const directory = mkdtempSync(join(tmpdir(), 'olympus-atomic-'));
const opened: ChainStore[] = [];
afterAll(async () => {
  for (const store of opened) await store.root.close();
  rmSync(directory, { recursive: true, force: true });
});

/** More than LMDB's thread waits for before it begins to write. */
const keys = 3000;

/** Writes numbers, each under every key in one go, and tells each that is committed; in the end, what it reads after a failure. */
const program = (place: string, bytesARound: number): string => `
  const { Writes } = require(${JSON.stringify(join(__dirname, 'atomic.ts'))});
  const { openChainStore } = require(${JSON.stringify(join(__dirname, 'store.ts'))});
  process.on('unhandledRejection', (error) => { process.stdout.write('unhandled ' + error + '\\n'); });
  const store = openChainStore(${JSON.stringify(place)});
  const value = (round) => round + ' ' + 'x'.repeat(${bytesARound} * round);
  (async () => {
    for (let round = 1; ; round += 1) {
      const writes = new Writes();
      for (let key = 0; key < ${keys}; key += 1) writes.put(store.pool, 'key ' + key, value(round));
      try {
        await writes.commit(store.root);
      } catch (error) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        const rounds = new Set([...store.pool.getRange({})].map(({ value: found }) => found.split(' ')[0]));
        process.stdout.write(JSON.stringify({ code: error.code, message: error.message, rounds: [...rounds], failed: round }) + '\\n');
        process.exit(0);
      }
      process.stdout.write(round + '\\n');
    }
  })();`;

/** Runs the program until it ends or has told so many rounds; then it is killed, in the middle of the next. Answers its lines. */
function run(place: string, bytesARound: number, { killAfter, fileBlocks }: { readonly killAfter?: number; readonly fileBlocks?: number }): Promise<string[]> {
  const command = `${fileBlocks === undefined ? '' : `ulimit -f ${fileBlocks}; `}exec "$0" --require tsx/cjs -e "$1"`;
  const child = spawn('sh', ['-c', command, process.execPath, program(place, bytesARound)], { stdio: ['ignore', 'pipe', 'ignore'], cwd: __dirname });
  return new Promise((resolve) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (killAfter !== undefined && said.split('\n').length > killAfter) child.kill('SIGKILL');
    });
    child.once('close', () => { resolve(said.split('\n').filter((line) => line !== '')); });
  });
}

test('where one value cannot be encoded, nothing is written', async () => {
  const store = openChainStore(join(directory, 'encoding'));
  opened.push(store);
  const write = async (first: unknown, last: unknown): Promise<void> => {
    const writes = new Writes();
    writes.put(store.meta, 'first', first as string);
    writes.put(store.meta, 'last', last as string);
    await writes.commit(store.root);
  };
  await write('one', 'one');
  await expect(write('two', 2n)).rejects.toThrow(TypeError);
  await store.root.committed;
  expect([store.meta.get('first'), store.meta.get('last')]).toEqual(['one', 'one']);
  await write('three', 'three');
  expect([store.meta.get('first'), store.meta.get('last')]).toEqual(['three', 'three']);
});

test('where the disk is full, the writer is told why, nothing of it is there, and what was there is', async () => {
  const place = join(directory, 'full');
  // No file may be longer than 4 MiB in blocks of 512 bytes, or 8 in blocks of 1024.
  const told = await run(place, 300, { fileBlocks: 8192 });
  const failed = told.length;
  const outcome = JSON.parse(told.at(-1) ?? '') as { readonly rounds: readonly string[] };
  expect(outcome).toMatchObject({ code: 'STORE_UNWRITABLE', message: expect.not.stringContaining('Commit failed') as unknown, failed });
  expect(failed).toBeGreaterThan(1);
  expect(outcome.rounds).toEqual([String(failed - 1)]);
});

test('killed in the middle, a store holds the last number that was told under every key, or the next', async () => {
  const place = join(directory, 'killed');
  for (const killAfter of [1, 4]) {
    const told = Number((await run(place, 1, { killAfter })).at(-1));
    const store = openChainStore(place);
    const found = [...store.pool.getRange({})].map(({ value }) => Number(value.split(' ')[0]));
    await store.root.close();
    expect(found).toHaveLength(keys);
    expect(new Set(found).size).toBe(1);
    expect(found[0]).toBeGreaterThanOrEqual(told);
    expect(found[0]).toBeLessThanOrEqual(told + 1);
  }
});
