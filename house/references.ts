// Writes every package's tsconfig.json from the workspace dependencies in its package.json, and the root list,
// so that `tsc -b` refuses cycles. Run it after adding a package or a dependency; with --check it only compares.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(__dirname, '..');
const check = process.argv.includes('--check');

interface Manifest { readonly name: string; readonly dependencies?: Record<string, string> }

const patterns = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] }).workspaces;
const folders = patterns.flatMap((pattern) => expand(pattern)).sort();
const byName = new Map(folders.map((folder) => [manifest(folder).name, folder]));

let stale = 0;
for (const folder of folders) {
  const references = Object.keys(manifest(folder).dependencies ?? {})
    .flatMap((name) => byName.get(name) ?? [])
    .map((target) => ({ path: relative(join(root, folder), join(root, target)) }));
  const up = relative(join(root, folder), root);
  put(join(root, folder, 'tsconfig.json'), {
    extends: `${up}/tsconfig.base.json`,
    compilerOptions: { rootDir: '.', outDir: `${up}/.build/${folder}`, tsBuildInfoFile: `${up}/.build/${folder}.tsbuildinfo` },
    include: ['**/*.ts', '**/*.json'],
    exclude: ['tsconfig.json', 'package.json'],
    references,
  });
}
put(join(root, 'tsconfig.json'), { files: [], references: folders.map((path) => ({ path })) });
if (stale > 0) {
  process.stderr.write(`${stale} tsconfig.json out of date: run "npm run references"\n`);
  process.exitCode = 1;
}

function put(file: string, value: unknown): void {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  stale += check ? 1 : 0;
  if (!check) writeFileSync(file, text);
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

function expand(pattern: string): string[] {
  if (!pattern.endsWith('/*')) return [pattern];
  const place = pattern.slice(0, -2);
  return readdirSync(join(root, place))
    .map((name) => `${place}/${name}`)
    .filter((folder) => existsSync(join(root, folder, 'package.json')));
}
