// Bandwidth is settled by orders: what the platform signed, a node carried out and the platform saw arrive. Summed by node and account,
// with the Merkle root over the orders; the node signs the sum over those that it knows, so either side can show what was counted and
// neither can claim what the other did not see.
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore } from '@oort/kernel-eventstore';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';
import { newUlid, uuidV5 } from '@oort/kernel-wire';
import type { DataPath } from './data-path/data-path';
import type { Moved } from './data-path/piece-client';

interface Counted { readonly leaf: Buffer; readonly bytes: number }
interface Account { readonly accountId: string; readonly nodeId: string; readonly direction: 'in' | 'out'; readonly since: number; readonly orders: Counted[] }

/** So long a node that does not answer is waited for; then its account is settled without its signature. */
const longestOpenMs = 10 * 60_000;
/** Of one settlement, so that its statement stays a few megabytes. */
const mostOrders = 20_000;

export class BandwidthBook {
  #open = new Map<string, Account>();

  constructor(private readonly store: EventStore, private readonly now: () => Date, private readonly dataPath: Pick<DataPath, 'client' | 'watch'>) {}

  /** What the platform moves for itself, repair above all, is nobody's traffic. */
  note({ accountId, nodeId, direction, bytes, statement }: Moved): void {
    if (accountId === 'platform') return;
    this.#reopen({ accountId, nodeId, direction, since: this.now().getTime(), orders: [{ leaf: leafHash(statement), bytes }] });
  }

  async settle(): Promise<void> {
    const accounts = [...this.#open.values()];
    this.#open = new Map();
    for (const account of accounts) {
      for (let start = 0; start < account.orders.length; start += mostOrders) {
        await this.#settle({ ...account, orders: account.orders.slice(start, start + mostOrders) });
      }
    }
  }

  async run(signal: AbortSignal, intervalMs = 5_000): Promise<void> {
    while (!signal.aborted) {
      await delay(intervalMs, null, { signal }).catch(() => undefined);
      await this.settle().catch((error: unknown) => process.emitWarning(`bandwidth: ${String(error)}`));
    }
  }

  async #settle(account: Account): Promise<void> {
    const { accountId, nodeId, direction, orders, since } = account;
    const { watch, client } = this.dataPath;
    const node = (await watch.byId()).get(nodeId);
    const answer = node === undefined || !watch.isWell(node) ? null : await client.settle(node, { accountId, direction, orders: orders.map(({ leaf }) => leaf.toString('hex')) }).catch(() => null);
    if (answer === null && node !== undefined && this.now().getTime() - since < longestOpenMs) return this.#reopen(account);
    // What the node does not know it is not paid for, and nobody pays for.
    const unknown = new Set(answer?.unknown);
    const counted = orders.filter((_, index) => !unknown.has(index));
    const bytes = counted.reduce((sum, order) => sum + order.bytes, 0);
    const orderRoot = merkleRoot(counted.map(({ leaf }) => leaf)).toString('hex');
    if (counted.length === 0) return;
    const signed = answer !== null && answer.bytes === bytes && answer.orderRoot === orderRoot ? { nodeSignature: answer.signature } : {};
    const id = newUlid(this.now());
    await this.store.append(`storage_bandwidth-${nodeId}`, 'any', [{
      id: uuidV5(`${id}/0`), type: 'BandwidthSettled', data: { accountId, nodeId, direction, bytes, orderRoot, ...signed },
      metadata: { actor: 'platform', correlationId: id, causationId: id, occurredAt: this.now().toISOString(), schemaVersion: 1 },
    }]);
  }

  #reopen(account: Account): void {
    const id = `${account.accountId}/${account.nodeId}/${account.direction}`;
    const open = this.#open.get(id);
    this.#open.set(id, open === undefined ? account : { ...account, since: Math.min(open.since, account.since), orders: concat(open.orders, account.orders) });
  }
}

/** The longer one grows, since one order at a time is the rule. */
function concat(orders: Counted[], more: readonly Counted[]): Counted[] {
  for (const order of more) orders.push(order);
  return orders;
}
