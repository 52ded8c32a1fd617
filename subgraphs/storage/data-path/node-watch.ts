import type { StorageNode, StorageNodes } from './port';

/** A node that just failed is asked last for a while; heartbeats take longer to say so. */
const suspicionMs = 3_000;
const cachedMs = 500;

/** What the data path knows of the nodes: the list, kept for half a second, who failed just now, and how fast each answers. */
export class NodeWatch {
  #nodes: Promise<readonly StorageNode[]> | null = null;
  #readAt = 0;
  readonly #failedAt = new Map<string, number>();
  readonly #latencyMs = new Map<string, number>();

  constructor(private readonly nodes: StorageNodes, private readonly now: () => Date) {}

  all(): Promise<readonly StorageNode[]> {
    const now = this.now().getTime();
    if (this.#nodes === null || now - this.#readAt > cachedMs) {
      this.#readAt = now;
      this.#nodes = this.nodes();
      this.#nodes.catch(() => { this.#nodes = null; });
    }
    return this.#nodes;
  }

  async byId(): Promise<ReadonlyMap<string, StorageNode>> {
    return new Map((await this.all()).map((node) => [node.nodeId, node]));
  }

  /** Can be given work now: active, online, reachable, and not failed a moment ago. */
  isWell(node: StorageNode): boolean {
    return (node.status ?? 'active') === 'active' && node.online && node.endpoint !== null && this.now().getTime() - (this.#failedAt.get(node.nodeId) ?? -Infinity) > suspicionMs;
  }

  failed(nodeId: string): void { this.#failedAt.set(nodeId, this.now().getTime()); }

  answered(nodeId: string, ms: number): void {
    this.#failedAt.delete(nodeId);
    this.#latencyMs.set(nodeId, (this.#latencyMs.get(nodeId) ?? ms) * 0.8 + ms * 0.2);
  }

  latencyMs(nodeId: string): number { return this.#latencyMs.get(nodeId) ?? 0; }
}
