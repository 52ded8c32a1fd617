// Foreign programs behind this machine's walls: WebAssembly, scripts, OCI images. Each run has a folder of its own that is gone
// afterwards, no network, and limits; what it printed and wrote is kept as content.
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Fault, type Json } from '@oort/kernel-wire';
import { termsOf } from '@oort/schema/job-spec';
import type { ExecutionBackend, RunOptions } from '../execution-backend';
import type { Executed } from '../executors';
import { artifactsRoot, collectArtifacts } from './artifacts';
import { runEnclosed, type EnclosedRun } from './enclosure';
import { defaultLimits, NoWall, outOfMemoryStatus, type Limits } from './limits';
import { unpackImage } from './oci-image';
import { runcBundle } from './runc';
import { bubblewrapped, hasRunc, jobUser, strongestWall } from './walls';

interface Input { readonly path: string; readonly contentId: string }
interface ForeignSpec {
  readonly program?: { readonly language: 'wasm' | 'quickjs'; readonly contentId: string; readonly arguments?: readonly string[] };
  readonly imageContentId?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly inputs?: readonly Input[];
  readonly outputs?: readonly string[];
}
/** Of one run: `place` is all its own, `folder` what the job sees of it. */
interface Prepared { readonly place: string; readonly folder: string; readonly user: number | null; readonly limits: Limits }
type Walled = Pick<EnclosedRun, 'commandLine' | 'alsoCounted' | 'limitsItself' | 'outOfMemoryStatus' | 'kill'> & { cleanUp?(): void };

/** The interpreter itself needs this much. */
const interpreterMb = 384;

export function isForeign(kind: string, spec: Json): boolean {
  return kind === 'container' || (kind === 'preprocess' && spec !== null && typeof spec === 'object' && 'program' in spec);
}

/** `output` is {artifacts, artifactsRoot, logContentId, logLines, peakMemoryMb}; a unit is a minute begun, of a program always one. */
export function foreignBackend(limits: Limits = defaultLimits): ExecutionBackend {
  return {
    wall: strongestWall(),
    kinds: strongestWall() === 'process' ? [] : ['preprocess', 'container'],
    run: (kind, spec, options) => runForeign(kind, spec, options, limits),
    close: () => undefined,
  };
}

async function runForeign(kind: string, specJson: Json, options: RunOptions, most: Limits): Promise<Executed> {
  const spec = specJson as unknown as ForeignSpec;
  const { sandbox, resources } = termsOf(kind === 'container' ? 'container' : 'preprocess', specJson);
  if (strongestWall() === 'process') throw new NoWall('a sandbox for foreign programs');
  if (sandbox === 'oci' && !hasRunc()) throw new NoWall('an OCI runtime');
  const wallMs = Math.min(options.timeoutMs, (resources.timeLimitS ?? Infinity) * 1000);
  const limits: Limits = {
    ...most, wallMs, cpuS: Math.ceil((wallMs / 1000) * Math.max(resources.cores, 1)),
    memoryMb: resources.memoryMb === 0 ? most.memoryMb : resources.memoryMb, diskMb: resources.diskMb,
  };
  const user = jobUser();
  const place = mkdtempSync(join(tmpdir(), 'oort-job-'));
  const prepared: Prepared = { place, folder: join(place, 'job'), user, limits };
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
    options.log?.(line);
  };
  let walled: Walled | null = null;
  try {
    mkdirSync(prepared.folder);
    for (const { path, contentId } of spec.inputs ?? []) writeInto(prepared.folder, path, await options.fetchContent(contentId));
    walled = spec.program === undefined ? await container(spec, sandbox === 'oci', prepared, options) : await program(spec, spec.program, prepared, options);
    const ended = await runEnclosed({
      ...walled, name: `${options.jobId ?? 'job'}-${randomUUID().slice(0, 8)}`, folder: prepared.folder, user: sandbox === 'oci' ? null : user, signal: options.signal, log,
      ...(spec.program === undefined ? { limits } : { limits: { ...limits, memoryMb: limits.memoryMb + interpreterMb }, interpreterMb }),
    });
    const artifacts = await collectArtifacts(prepared.folder, spec.outputs ?? [], (bytes) => options.storeContent(bytes));
    const output = {
      artifacts, artifactsRoot: artifactsRoot(artifacts), logContentId: await options.storeContent(Buffer.from(lines.map((line) => `${line}\n`).join(''))), logLines: lines.length,
      peakMemoryMb: Math.round(ended.peakMemoryMb),
    };
    return { output: output as unknown as Json, units: spec.program === undefined ? Math.max(1, Math.ceil(ended.durationMs / 60_000)) : 1 };
  } finally {
    walled?.cleanUp?.();
    rmSync(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function program({ inputs = [] }: ForeignSpec, { language, contentId, arguments: given = [] }: ForeignSpec['program'] & object, prepared: Prepared, options: RunOptions): Promise<Walled> {
  writeInto(prepared.folder, '.program', await options.fetchContent(contentId));
  give(prepared.place, prepared.user);
  const order = { language, program: '/job/.program', arguments: given, inputs: inputs.map(({ path }) => path), memoryMb: prepared.limits.memoryMb };
  const node = [
    process.execPath, '--no-warnings', `--max-old-space-size=${prepared.limits.memoryMb}`, '--require', require.resolve('tsx/cjs'),
    join(__dirname, 'guest.ts'), JSON.stringify(order),
  ];
  const commandLine = [...bubblewrapped({ folder: prepared.folder, rootfs: null, environment: {}, workingDirectory: '/job' }), ...node];
  return language === 'quickjs' ? { commandLine, outOfMemoryStatus } : { commandLine };
}

async function container(spec: ForeignSpec, byRuntime: boolean, prepared: Prepared, options: RunOptions): Promise<Walled> {
  if (spec.imageContentId === undefined) throw new Fault('SPEC_INVALID', 'a container needs an image');
  const rootfs = join(prepared.place, 'rootfs');
  mkdirSync(rootfs);
  const image = unpackImage(await options.fetchContent(spec.imageContentId), rootfs);
  for (const needed of ['proc', 'dev', 'tmp', 'job']) mkdirSync(join(rootfs, needed), { recursive: true });
  const commandLine = [...image.entrypoint, ...(spec.command ?? image.command)];
  if (commandLine.length === 0) throw new Fault('SPEC_INVALID', 'neither the job nor its image names a command');
  const environment = { ...Object.fromEntries(image.environment.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)])), ...spec.environment };
  give(prepared.place, prepared.user);
  if (byRuntime) return runcBundle({ place: prepared.place, rootfs, folder: prepared.folder, commandLine, environment, workingDirectory: image.workingDirectory, user: prepared.user ?? 0, limits: prepared.limits });
  return {
    commandLine: [...bubblewrapped({ folder: prepared.folder, rootfs, environment, workingDirectory: image.workingDirectory }), ...commandLine],
  };
}

function writeInto(folder: string, path: string, bytes: Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), bytes);
}

/** To who runs the job, where that is not who prepared it. Links are given as such. */
function give(place: string, user: number | null): void {
  if (user === null) return;
  const owner = (path: string): void => {
    const found = lstatSync(path);
    if (found.isSymbolicLink()) return;
    chownSync(path, user, user);
    if (found.isDirectory()) for (const name of readdirSync(path)) owner(join(path, name));
  };
  owner(place);
  chmodSync(place, 0o700);
}

