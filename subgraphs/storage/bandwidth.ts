// Bandwidth is settled by orders: what the platform signed and a node carried out, summed by node and account, with the Merkle root
// over the orders, so that either side can show what was counted.
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore } from '@oort/kernel-eventstore';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { newUlid, uuidV5 } from '@oort/kernel-wire';
import type { Moved } from './data-path/piece-client';

interface Account { readonly accountId: string; readonly nodeId: string; readonly direction: 'in' | 'out'; bytes: number; readonly leaves: Buffer[] }

export class BandwidthBook {
  #open = new Map<string, Account>();

  constructor(private readonly store: EventStore, private readonly now: () => Date) {}

  /** What the platform moves for itself, repair above all, is nobody's traffic. */
  note({ accountId, nodeId, direction, bytes, statement }: Moved): void {
    if (accountId === 'platform') return;
    const id = `${accountId}/${nodeId}/${direction}`;
    const account = this.#open.get(id) ?? { accountId, nodeId, direction, bytes: 0, leaves: [] };
    this.#open.set(id, account);
    account.bytes += bytes;
    account.leaves.push(leafHash(statement));
  }

  async settle(): Promise<void> {
    const accounts = [...this.#open.values()];
    this.#open = new Map();
    for (const { accountId, nodeId, direction, bytes, leaves } of accounts) {
      const id = newUlid(this.now());
      await this.store.append(`storage_bandwidth-${nodeId}`, 'any', [{
        id: uuidV5(`${id}/0`), type: 'BandwidthSettled',
        data: { accountId, nodeId, direction, bytes, orderRoot: merkleRoot(leaves).toString('hex') },
        metadata: { actor: 'platform', correlationId: id, causationId: id, occurredAt: this.now().toISOString(), schemaVersion: 1 },
      }]);
    }
  }

  async run(signal: AbortSignal, intervalMs = 5_000): Promise<void> {
    while (!signal.aborted) {
      await delay(intervalMs, null, { signal }).catch(() => undefined);
      await this.settle().catch((error: unknown) => process.emitWarning(`bandwidth: ${String(error)}`));
    }
  }
}
