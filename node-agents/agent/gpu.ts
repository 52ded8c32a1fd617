// A GPU is used only where its owner asked for it: the default installation leaves CUDA out (a gigabyte that most devices cannot
// use), and `oort agent gpu install` fetches the provider through onnxruntime-node's own installer. Its answers differ from a CPU's
// in the last bits, so it is a runtime class of its own, for benchmark, training and comparator alike; the class is that of the
// enrolment and does not change.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { arch, platform as operatingSystem } from 'node:os';
import { Fault } from '@oort/kernel-wire';
import { readState, writeState } from './state-file';

export interface Gpu { readonly name: string; readonly memoryMb: number }

/** What is asked of the machine: a program and what it printed, null when it failed. */
export type Ask = (command: string, commandLine: readonly string[], environment?: Readonly<Record<string, string>>) => string | null;

export class GpuAbsent extends Fault {
  constructor() { super('GPU_ABSENT', 'nvidia-smi finds no GPU on this machine; nothing was installed'); }
}

export class GpuInstallFailed extends Fault {
  constructor(message: string) { super('GPU_INSTALL_FAILED', message); }
}

const askMachine: Ask = (command, commandLine, environment = {}) => {
  const { status, stdout } = spawnSync(command, [...commandLine], { encoding: 'utf8', timeout: 900_000, env: { ...process.env, ...environment } });
  return status === 0 ? stdout : null;
};

/** The first one; null where there is none, or no driver. */
export function findGpu(ask: Ask = askMachine): Gpu | null {
  const said = ask('nvidia-smi', ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits']);
  const [, name = '', memoryMb = ''] = /^(.+),\s*(\d+)\s*$/m.exec(said ?? '') ?? [];
  return name === '' ? null : { name: name.trim(), memoryMb: Number(memoryMb) };
}

/** Machines of one class give the same answers bit for bit: the model of the GPU is part of it. */
export function cudaRuntimeClass({ name }: Gpu): string {
  const model = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^nvidia-|^-|-$/g, '');
  return `onnxruntime-1.30-cuda12-${operatingSystem()}-${arch()}-${model}`.slice(0, 64);
}

export interface InstalledGpu { readonly gpu: Gpu; readonly runtimeClass: string }

/** Fetches the provider, tries it, and only then lets the agents of this directory use it. Throws GpuAbsent, GpuInstallFailed. */
export function installGpu(directory: string, ask: Ask = askMachine): InstalledGpu {
  const gpu = findGpu(ask);
  if (gpu === null) throw new GpuAbsent();
  if (readState<object>(join(directory, 'identity.json')) !== null) {
    throw new GpuInstallFailed('this node is enrolled with the class of its CPU; install before joining, in a directory of its own');
  }
  const installer = join(dirname(require.resolve('onnxruntime-node/package.json')), 'script', 'install');
  if (ask(process.execPath, [installer], { ONNXRUNTIME_NODE_INSTALL: 'cuda12' }) === null) throw new GpuInstallFailed('onnxruntime-node could not fetch its CUDA provider');
  const probe = join(__dirname, 'gpu-probe.ts');
  if (ask(process.execPath, ['--require', 'tsx/cjs', probe]) === null) throw new GpuInstallFailed('the CUDA provider does not load; CUDA 12 and cuDNN 9 have to be there');
  const installed: InstalledGpu = { gpu, runtimeClass: cudaRuntimeClass(gpu) };
  writeState(join(directory, 'gpu.json'), installed);
  return installed;
}

/** Null for an agent that keeps to its CPU. */
export function installedGpu(directory: string): InstalledGpu | null {
  return readState<InstalledGpu>(join(directory, 'gpu.json'));
}
