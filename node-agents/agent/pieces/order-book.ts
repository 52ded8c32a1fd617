// The orders that this node carried out, until the platform settles them. It signs a sum only over orders that it knows, each once:
// what it is paid for is what both sides saw. In memory: after a restart the orders of the last seconds are not signed for.
import { settlementStatement, type Order, type Settlement } from '@oort/algorithms-possession';
import { signWith, type DeviceKey } from '@oort/kernel-identity';
import { leafHash, merkleRoot } from '@oort/kernel-merkle';

export interface OrdersToSettle { readonly accountId: string; readonly direction: 'in' | 'out'; /** Leaf hashes of the order statements, hex. */ readonly orders: readonly string[] }

/** `unknown`: orders that were asked for and never carried out here, by position. */
export interface Settled extends Settlement { readonly signature: string; readonly unknown: readonly number[] }

interface Done { readonly accountId: string; readonly direction: 'in' | 'out'; readonly bytes: number }

/** A platform that is away for long costs the eldest. */
const mostOrders = 200_000;

export class OrderBook {
  readonly #done = new Map<string, Done>();

  constructor(private readonly node: { readonly nodeId: string; readonly key: DeviceKey }) {}

  /** What the platform moves for itself is nobody's traffic. */
  note(statement: Uint8Array, { accountId, action }: Order, bytes: number): void {
    if (accountId === 'platform' || (action !== 'put' && action !== 'get')) return;
    this.#done.set(leafHash(statement).toString('hex'), { accountId, direction: action === 'put' ? 'in' : 'out', bytes });
    const [eldest] = this.#done.keys();
    if (this.#done.size > mostOrders && eldest !== undefined) this.#done.delete(eldest);
  }

  /** Signed over the orders that are known, in the order given. They stay, so that a question that is asked again is answered again. */
  settle({ accountId, direction, orders }: OrdersToSettle): Settled {
    const isKnown = (hash: string): boolean => this.#done.get(hash)?.accountId === accountId && this.#done.get(hash)?.direction === direction;
    const known = [...new Set(orders)].filter(isKnown);
    const settlement: Settlement = {
      nodeId: this.node.nodeId, accountId, direction, bytes: known.reduce((sum, hash) => sum + (this.#done.get(hash)?.bytes ?? 0), 0),
      orderRoot: merkleRoot(known.map((hash) => Buffer.from(hash, 'hex'))).toString('hex'),
    };
    return { ...settlement, signature: signWith(this.node.key, settlementStatement(settlement)), unknown: orders.flatMap((hash, index) => (isKnown(hash) ? [] : [index])) };
  }
}
