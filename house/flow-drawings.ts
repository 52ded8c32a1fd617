// Draws docs/flow/<domain>.md from every subgraph's flow.ts and every projection's `subscribes`:
// command -> events -> the projections that read them. With --check it only compares.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Step { readonly events: readonly string[]; readonly refusals: readonly string[] }
interface Reader { readonly name: string; readonly subscribes: readonly string[] }

const root = join(__dirname, '..');
const check = process.argv.includes('--check');

function main(): void {
  const readers = packages('projections').map(readerOf);
  const folder = join(root, 'docs', 'flow');
  mkdirSync(folder, { recursive: true });
  let stale = 0;
  for (const name of packages('subgraphs')) {
    const file = join(folder, `${name}.md`);
    const drawing = draw(name, flowOf(name), readers.flat());
    if (existsSync(file) && readFileSync(file, 'utf8') === drawing) continue;
    stale += 1;
    if (!check) writeFileSync(file, drawing);
  }
  if (check && stale > 0) {
    process.stderr.write(`${stale} flow drawings out of date: run "npm run flow"\n`);
    process.exitCode = 1;
  }
}

function packages(place: string): readonly string[] {
  return readdirSync(join(root, place)).filter((name) => existsSync(join(root, place, name, 'package.json'))).sort();
}

function exportsOf(file: string): readonly unknown[] {
  if (!existsSync(file)) return [];
  return Object.values(require(file) as Readonly<Record<string, unknown>>);
}

function flowOf(name: string): Readonly<Record<string, Step>> {
  const flows = exportsOf(join(root, 'subgraphs', name, 'flow.ts')).filter(isFlow);
  return Object.assign({}, ...flows) as Readonly<Record<string, Step>>;
}

function readerOf(name: string): readonly Reader[] {
  return exportsOf(join(root, 'projections', name, 'index.ts')).filter(isReader);
}

function isFlow(value: unknown): value is Readonly<Record<string, Step>> {
  return typeof value === 'object' && value !== null
    && Object.values(value).every((step: unknown) => typeof step === 'object' && step !== null && 'events' in step && 'refusals' in step);
}

function isReader(value: unknown): value is Reader {
  return typeof value === 'object' && value !== null && 'subscribes' in value && 'apply' in value && 'name' in value;
}

function draw(name: string, flow: Readonly<Record<string, Step>>, readers: readonly Reader[]): string {
  const commands = Object.keys(flow).sort();
  const events = [...new Set(commands.flatMap((command) => flow[command]?.events ?? []))].sort();
  const lines = [
    ...commands.flatMap((command) => (flow[command]?.events ?? []).map((event) => `  ${command}([${command}]) --> ${event}[${event}]`)),
    ...events.flatMap((event) => readers.filter((reader) => reader.subscribes.includes(event)).map((reader) => `  ${event} --> ${reader.name}[(${reader.name})]`)),
  ];
  const refusals = commands.filter((command) => (flow[command]?.refusals.length ?? 0) > 0)
    .map((command) => `| ${command} | ${flow[command]?.refusals.join(', ')} |`);
  return [
    `# ${name}: command, events, projections`, '', 'Drawn from `flow.ts` by `npm run flow`.', '',
    '```mermaid', 'flowchart LR', ...lines, '```', '',
    '| command | may be refused as |', '| --- | --- |', ...refusals, '',
  ].join('\n');
}

main();
