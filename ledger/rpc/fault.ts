import { Fault } from '@oort/kernel-wire';
import type { Json } from '@oort/kernel-wire';

/** JSON-RPC 2.0 section 5.1, EIP-1474 and what Geth answers for a revert. */
export const rpcCodes = {
  parseError: -32700, invalidRequest: -32600, methodNotFound: -32601, invalidParams: -32602, internal: -32603,
  refused: -32000, reverted: 3,
} as const;

/** A refusal at the chain's door: `code` names it for programs, `rpcCode` is what travels, `data` is a revert's bytes. */
export class LedgerFault extends Fault {
  readonly rpcCode: number;
  readonly data: Json;

  constructor(code: string, rpcCode: number, message: string, data: Json = null) {
    super(code, message, data);
    this.rpcCode = rpcCode;
    this.data = data;
  }
}

export function invalidParams(message: string): LedgerFault {
  return new LedgerFault('INVALID_PARAMS', rpcCodes.invalidParams, message);
}
