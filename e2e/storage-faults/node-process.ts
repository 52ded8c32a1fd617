// A super node's piece server that can be told to fail. Being killed and being stopped it need not be told.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceKey } from '@oort/kernel-identity';
import { openDiskStore } from '@oort/node-agents-agent/pieces/disk-store';
import type { PieceStore } from '@oort/node-agents-agent/pieces/port';
import { startPieceServer } from '@oort/node-agents-agent/pieces/server';

/** `flips`: one bit of whatever it gives back. `lies`: it signs for what it throws away, and makes up what it is asked for. */
export type NodeFault = 'none' | 'flips' | 'lies' | 'slow';

export interface NodeTask {
  readonly nodeId: string; readonly directory: string; readonly platformPublicKey: string; readonly key: DeviceKey; readonly port: number;
  readonly fault: NodeFault;
}

const slowMs = 700;

async function main(): Promise<void> {
  const { nodeId, directory, platformPublicKey, key, port, fault: first } = JSON.parse(process.argv[2] ?? '{}') as NodeTask;
  let fault = first;
  const disk = await openDiskStore(directory);
  const claimed = new Map<string, number>();
  const spoilt = async (pieceId: string, real: Promise<Buffer | null>, start: number, end: number): Promise<Buffer | null> => {
    if (fault === 'slow') await sleep(slowMs);
    const bytes = await real;
    if (fault === 'lies') {
      const size = bytes?.length ?? Math.min(end, claimed.get(pieceId) ?? 0) - start;
      return size > 0 ? randomBytes(size) : bytes;
    }
    if (fault === 'flips' && bytes !== null && bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
    return bytes;
  };
  const store: PieceStore = {
    ...disk,
    async put(pieceId, bytes) {
      if (fault === 'slow') await sleep(slowMs);
      if (fault !== 'lies') return disk.put(pieceId, bytes);
      claimed.set(pieceId, Buffer.isBuffer(bytes) ? bytes.length : bytes.reduce((sum, { length }) => sum + length, 0));
    },
    get: (pieceId) => spoilt(pieceId, disk.get(pieceId), 0, Infinity),
    read: (pieceId, start, end) => spoilt(pieceId, disk.read(pieceId, start, end), start, end),
  };
  const { endpoint } = await startPieceServer({ store, nodeId, key, platformPublicKey, port, now: () => new Date() });
  process.on('message', (told) => { fault = told as NodeFault; });
  process.on('disconnect', () => process.exit(0));
  process.send?.(endpoint);
}

void main();
