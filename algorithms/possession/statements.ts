// The two statements that pass between the platform and a node about a piece, in the form that is signed (RFC 8785 JSON).
import { canonicalJson } from '@oort/kernel-wire';

export type OrderAction = 'put' | 'get' | 'delete' | 'prove' | 'list';

/** The platform's word to one node: this may be done with this piece, up to so many bytes, until then. It is also what the node
 *  is paid by: bandwidth is settled on orders, not on claims. */
export interface Order {
  readonly action: OrderAction;
  readonly nodeId: string;
  /** Empty for `list`. */
  readonly pieceId: string;
  /** Whose traffic it is. */
  readonly accountId: string;
  readonly maximumBytes: number;
  /** RFC 3339. */
  readonly expiresAt: string;
  /** Makes each order one of its kind, so that it is settled once. Orders of before have none. */
  readonly serial?: string;
}

/** The node's word: these bytes are flushed to my disk. */
export interface Receipt {
  readonly nodeId: string;
  readonly pieceId: string;
  readonly root: string;
  readonly leaves: number;
  readonly sizeBytes: number;
}

/** What a node moved for an account by orders that it carried out. */
export interface Settlement {
  readonly nodeId: string;
  readonly accountId: string;
  readonly direction: 'in' | 'out';
  readonly bytes: number;
  /** Merkle root over the order statements (RFC 6962), hex. */
  readonly orderRoot: string;
}

export function settlementStatement({ nodeId, accountId, direction, bytes, orderRoot }: Settlement): Buffer {
  return Buffer.from(canonicalJson({ statement: 'oort/settlement/1', nodeId, accountId, direction, bytes, orderRoot }));
}

export function orderStatement(order: Order): Buffer {
  return Buffer.from(canonicalJson({ statement: 'oort/order/1', ...order }));
}

export function receiptStatement({ nodeId, pieceId, root, leaves, sizeBytes }: Receipt): Buffer {
  return Buffer.from(canonicalJson({ statement: 'oort/receipt/1', nodeId, pieceId, root, leaves, sizeBytes }));
}

/** Reads an order from the bytes that were signed, or null when they are none. */
export function openOrder(statement: Uint8Array): Order | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(statement).toString('utf8'));
    return isOrder(value) ? value : null;
  } catch {
    return null;
  }
}

const actions: readonly unknown[] = ['put', 'get', 'delete', 'prove', 'list'] satisfies readonly OrderAction[];

function isOrder(value: unknown): value is Order & { readonly statement: string } {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return fields['statement'] === 'oort/order/1' && actions.includes(fields['action'])
    && ['nodeId', 'pieceId', 'accountId', 'expiresAt'].every((name) => typeof fields[name] === 'string')
    && typeof fields['maximumBytes'] === 'number';
}
