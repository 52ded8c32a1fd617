// What the machine says of itself, at intervals. A reading that the disk refuses is left out: the next one says more.
import { statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PieceStore } from '../pieces/port';
import type { TelemetrySender } from './sender';

const resourcesEveryMs = 10_000;
const inventoryEveryMs = 60_000;

export async function reportResources(directory: string, telemetry: TelemetrySender, signal: AbortSignal): Promise<void> {
  let before = processorTimes();
  while (!signal.aborted) {
    await sleep(resourcesEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const now = processorTimes();
    const [busy, all] = [now.busy - before.busy, now.all - before.all];
    before = now;
    const disk = await statfs(directory).catch(() => null);
    await telemetry.record('resources', {
      atMs: telemetry.nowMs(), cpuShare: all === 0 ? 0 : busy / all, memoryUsedBytes: totalmem() - freemem(), memoryTotalBytes: totalmem(),
      diskFreeBytes: disk === null ? 0 : disk.bavail * disk.bsize, diskTotalBytes: disk === null ? 0 : disk.blocks * disk.bsize,
    }).catch(() => undefined);
  }
}

export async function reportInventory(pieces: PieceStore, telemetry: TelemetrySender, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const stored = await pieces.list().catch(() => null);
    if (stored !== null) {
      const bytes = stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      await telemetry.record('inventories', { atMs: telemetry.nowMs(), pieces: stored.length, bytes }).catch(() => undefined);
    }
    await sleep(inventoryEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

function processorTimes(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times: { user, nice, sys, idle, irq } } of cpus()) {
    busy += user + nice + sys + irq;
    all += user + nice + sys + irq + idle;
  }
  return { busy, all };
}
