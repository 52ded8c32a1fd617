// A super node's piece server in a process of its own: its disk, its hashing and its flushes are those of production.
import { newDeviceKey } from '@oort/kernel-identity';
import { openDiskStore } from '@oort/node-agents-agent/pieces/disk-store';
import { startPieceServer } from '@oort/node-agents-agent/pieces/server';

async function main(): Promise<void> {
  const [nodeId = '', directory = '', platformPublicKey = ''] = process.argv.slice(2);
  const key = newDeviceKey();
  const { endpoint } = await startPieceServer({ store: await openDiskStore(directory), nodeId, key, platformPublicKey, now: () => new Date() });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ nodeId, endpoint, publicKey: key.publicKey });
}

void main();
