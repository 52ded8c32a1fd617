import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cudaRuntimeClass, findGpu, installedGpu, installGpu, type Ask } from './gpu';
import { runtimeClass } from './enrolment';

const directories: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'oort-gpu-'));
  directories.push(directory);
  return directory;
}
afterAll(() => { for (const directory of directories) rmSync(directory, { recursive: true }); });

/** A machine with a GPU, whose installer and whose probe do as told; keeps what it was asked. */
function machine(works: { readonly install: boolean; readonly probe: boolean }): { readonly ask: Ask; readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask(command, commandLine, environment = {}) {
      if (command === 'nvidia-smi') return 'NVIDIA GeForce RTX 4090, 24564\nNVIDIA T4, 15360\n';
      asked.push(`${commandLine.at(-1) ?? ''} ${environment['ONNXRUNTIME_NODE_INSTALL'] ?? ''}`.trim());
      return (commandLine.at(-1)?.endsWith('gpu-probe.ts') === true ? works.probe : works.install) ? '' : null;
    },
  };
}

describe('a GPU', () => {
  it('is a runtime class of its own', () => {
    const gpu = findGpu(machine({ install: true, probe: true }).ask);
    expect(gpu).toEqual({ name: 'NVIDIA GeForce RTX 4090', memoryMb: 24_564 });
    expect(cudaRuntimeClass({ name: 'NVIDIA GeForce RTX 4090', memoryMb: 1 })).toMatch(/^onnxruntime-1\.30-cuda12-\w+-\w+-geforce-rtx-4090$/);
    expect(cudaRuntimeClass({ name: 'NVIDIA T4', memoryMb: 1 })).not.toBe(runtimeClass);
  });

  it('is used after its provider was fetched and tried', () => {
    const directory = newDirectory();
    expect(installedGpu(directory)).toBeNull();
    const { ask, asked } = machine({ install: true, probe: true });
    const installed = installGpu(directory, ask);
    expect(asked).toEqual([expect.stringMatching(/onnxruntime-node.script.install cuda12$/), expect.stringMatching(/gpu-probe\.ts$/)]);
    expect(installedGpu(directory)).toEqual(installed);
  });

  it.each([['fetched', { install: false, probe: true }], ['loaded', { install: true, probe: false }]])('is not used where the provider cannot be %s', (_, works) => {
    const directory = newDirectory();
    expect(() => installGpu(directory, machine(works).ask)).toThrow(expect.objectContaining({ code: 'GPU_INSTALL_FAILED' }));
    expect(existsSync(join(directory, 'gpu.json'))).toBe(false);
  });

  it('is not taken up by a node that is enrolled already, nor where there is none', () => {
    const directory = newDirectory();
    expect(() => installGpu(directory, () => null)).toThrow(expect.objectContaining({ code: 'GPU_ABSENT' }));
    writeFileSync(join(directory, 'identity.json'), '{}');
    expect(() => installGpu(directory, machine({ install: true, probe: true }).ask)).toThrow(expect.objectContaining({ code: 'GPU_INSTALL_FAILED' }));
  });

  (findGpu() === null ? it.skip : it)('on this machine runs a graph, once its provider is installed', () => {
    expect(installGpu(newDirectory()).runtimeClass).toContain('cuda12');
  }, 900_000);
});
