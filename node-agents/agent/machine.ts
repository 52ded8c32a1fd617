// What a machine is, measured: cores, memory, and how fast a flushed write to the node's own disk is.
import { open, rm } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';

const diskBytes = 8 * 1024 * 1024;

export async function measureMachine(directory: string): Promise<{ cores: number; memoryMb: number; diskMbPerS: number }> {
  const path = join(directory, 'benchmark.tmp');
  const startedAt = performance.now();
  const file = await open(path, 'w');
  try {
    await file.writeFile(Buffer.alloc(diskBytes, 0x5a));
    await file.datasync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { cores: availableParallelism(), memoryMb: Math.floor(totalmem() / 1024 / 1024), diskMbPerS: diskBytes / 1024 / 1024 / seconds };
}
