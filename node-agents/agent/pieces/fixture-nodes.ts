// For tests: piece servers in this process, which can be killed, brought back, made to rot, or to lose everything.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newDeviceKey, type DeviceKey } from '@oort/kernel-identity';
import { openDiskStore } from './disk-store';
import type { Answerable } from './inventories';
import type { PieceStore } from './port';
import { startPieceServer, type PieceServer } from './server';

export class TestNode {
  readonly key: DeviceKey = newDeviceKey();
  /** A rotten node flips a bit of every piece it gives back. */
  rotten = false;
  online = true;
  /** Set before it starts, to be asked on a chain. */
  answerable: Answerable | null = null;
  status = 'active';
  #running: { readonly server: PieceServer; readonly store: PieceStore } | null = null;
  #endpoint = '';

  constructor(
    readonly nodeId: string, readonly kind: 'super' | 'archive', readonly operator: string,
    private readonly directory: string, private readonly platformPublicKey: string,
  ) {}

  async start(): Promise<void> {
    const disk = await openDiskStore(join(this.directory, this.nodeId));
    const store: PieceStore = { ...disk, get: async (pieceId) => this.#spoil(await disk.get(pieceId)), read: async (pieceId, start, end) => this.#spoil(await disk.read(pieceId, start, end)) };
    const server = await startPieceServer({
      store, nodeId: this.nodeId, key: this.key, platformPublicKey: this.platformPublicKey, now: () => new Date(), ...(this.answerable === null ? {} : { answerable: this.answerable }),
    });
    this.#running = { server, store };
    this.#endpoint = server.endpoint;
    this.online = true;
  }

  /** It is gone, and nobody has been told unless `online` is set too. */
  async kill(): Promise<void> {
    await this.#running?.server.close();
    await this.#running?.store.close();
    this.#running = null;
  }

  async loseEverything(): Promise<void> {
    await this.kill();
    await rm(join(this.directory, this.nodeId), { recursive: true, force: true });
    await this.start();
  }

  async pieceIds(): Promise<readonly string[]> {
    return (await this.#running?.store.list() ?? []).map(({ pieceId }) => pieceId);
  }

  /** As the nodes domain would show it. */
  shown(): { readonly nodeId: string; readonly kind: 'super' | 'archive'; readonly operator: string; readonly region: string; readonly network: string; readonly endpoint: string; readonly publicKey: string; readonly online: boolean; readonly status: string; readonly trust: number } {
    const { nodeId, kind, operator, online, status } = this;
    return { nodeId, kind, operator, online, status, region: 'local', network: '127.0.0.0/8', endpoint: this.#endpoint, publicKey: this.key.publicKey, trust: 0.9 };
  }

  #spoil(bytes: Buffer | null): Buffer | null {
    if (bytes === null || !this.rotten || bytes.length === 0) return bytes;
    const rotten = Buffer.from(bytes);
    rotten.writeUInt8(rotten.readUInt8(0) ^ 1, 0);
    return rotten;
  }
}

/** Super nodes first, then one archive node, each with an operator of its own; numbered from `first` on. */
export async function startTestNodes(superNodes: number, directory: string, platformPublicKey: string, first = 0): Promise<TestNode[]> {
  const nodes = Array.from({ length: superNodes + 1 }, (_, index) => new TestNode(
    `node_${first + index}`, index < superNodes ? 'super' : 'archive', `0x${String(first + index).padStart(40, '0')}`, directory, platformPublicKey));
  await Promise.all(nodes.map((node) => node.start()));
  return nodes;
}

/** A node that signs for a court of which it hears nothing. */
export function answerableWithoutChain(directory: string): Answerable {
  const [pool, node] = [`0x${'0a'.repeat(20)}`, `0x${'0b'.repeat(20)}`];
  return {
    directory, anyway: () => Promise.resolve(null),
    seat: {
      node, keepMs: 60_000, news: () => Promise.resolve([]), isOpen: () => Promise.resolve(false), answer: () => Promise.resolve(),
      sign: ({ root, leaves }) => Promise.resolve({ pool, node, root: `0x${root}`, leaves, madeAt: 1, signature: `0x${'00'.repeat(65)}` }),
    },
  };
}
