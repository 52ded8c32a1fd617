import type { Json } from '@oort/kernel-wire';

/** The port to an Olympus node, in process or over JSON-RPC (EIP-1193 shape).
 *  Throws LedgerFault with the JSON-RPC error code; `eth_*` and Olympus's own methods. */
export interface Ledger {
  request(method: string, params?: readonly Json[]): Promise<Json>;
}
