// The rules of docs/STYLE.md that a program can check, over every file that git tracks.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const root = join(__dirname, '..');
const files = execFileSync('git', ['ls-files', '*.ts'], { cwd: root, encoding: 'utf8' }).split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Imports point down: a place may import itself and what stands before it in this list. */
const order = ['kernel', 'schema', 'algorithms', 'ledger', 'projections', 'subgraphs', 'gateway', 'node-agents', 'console', 'cli', 'e2e', 'bench', 'house'];
/** Exceptions to "before it in the list": places that may not see each other although the order would let them. */
const blind: Readonly<Record<string, readonly string[]>> = {
  projections: ['ledger'], subgraphs: ['ledger'], 'node-agents': ['ledger', 'projections', 'subgraphs', 'gateway'], ledger: [],
};
const bannedNames = /(^|[-.])(utils?|helpers?|common|shared|misc|base|manager)([-.]|$)/;

/** A test may look anywhere, and so may what only tests import: a fixture. */
const forTests = /(\.test|(^|\/)fixture-[\w-]+)\.ts$/;

interface Import { readonly file: string; readonly place: string; readonly target: string }

const imports: readonly Import[] = files.flatMap((file) =>
  [...text(file).matchAll(/^(?:import|export|\}).* from '@oort\/([a-z0-9-]+)/gm)].map((match) => ({
    file, place: file.split('/')[0] ?? '', target: placeOf(match[1] ?? ''),
  })));

function placeOf(name: string): string {
  return order.find((place) => name === place || name.startsWith(`${place}-`)) ?? name;
}

describe('the house', () => {
  it('imports point down', () => {
    const upward = imports.filter(({ file, place, target }) => !forTests.test(file)
      && (order.indexOf(target) > order.indexOf(place) || (blind[place] ?? []).includes(target)));
    expect(upward).toEqual([]);
  });

  it('has fixtures for tests alone', () => {
    const elsewhere = files.filter((file) => !forTests.test(file) && /^(?:import|export|\}).* from '[^']*\/fixture-[\w-]+'/m.test(text(file)));
    expect(elsewhere).toEqual([]);
  });

  it('imports only the packages that the manifest names', () => {
    const missing = files.flatMap((file) => {
      const manifest = manifestOf(file);
      if (manifest === null) return [];
      return [...text(file).matchAll(/^(?:import|export|\}).* from '((?:@[a-z0-9-]+\/)?[a-z0-9][a-z0-9.-]*)/gm)]
        .map((match) => match[1] ?? '')
        .filter((name) => !manifest.has(name) && !builtIn(name))
        .map((name) => `${file}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  it('has no file named after nothing in particular', () => {
    expect(files.filter((file) => bannedNames.test(basename(file, '.ts')))).toEqual([]);
  });

  it('has no default export, and no bare Error outside tests', () => {
    expect(files.filter((file) => /^export default /m.test(text(file)))).toEqual([]);
    expect(files.filter((file) => !file.endsWith('.test.ts') && /throw new Error\(/.test(text(file)))).toEqual([]);
  });

  it('keeps files within 400 lines', () => {
    expect(files.filter((file) => !file.includes('generated') && text(file).split('\n').length > 400)).toEqual([]);
  });

  it('gives every subgraph the same rooms', () => {
    const rooms = ['flow', 'resolvers', 'subgraph', 'index'];
    const subgraphs = new Set(files.filter((file) => file.startsWith('subgraphs/')).map((file) => file.split('/').slice(0, 2).join('/')));
    const lacking = [...subgraphs].flatMap((folder) => rooms.filter((room) => !files.includes(`${folder}/${room}.ts`)).map((room) => `${folder}/${room}.ts`));
    expect(lacking).toEqual([]);
  });
});

function builtIn(name: string): boolean {
  return name === 'node' || ['@jest', 'jest', '@jest/globals', 'fast-check', 'solc'].includes(name);
}

function manifestOf(file: string): ReadonlySet<string> | null {
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) {
    const path = join(root, folder, 'package.json');
    if (!existsSync(path)) continue;
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, string> | undefined> & { name: string };
    return new Set([manifest.name, ...Object.keys(manifest['dependencies'] ?? {}), ...Object.keys(manifest['devDependencies'] ?? {}), ...Object.keys(manifest['optionalDependencies'] ?? {})]);
  }
  return null;
}
