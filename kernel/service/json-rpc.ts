// An Olympus node in another process, over JSON-RPC 2.0.
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Fault, messageOf, type Json } from '@oort/kernel-wire';

/** `detail` is the error's data; `rpcCode` what travelled. */
export class RpcRefused extends Fault {
  constructor(message: string, readonly rpcCode: number, data: Json) {
    super('RPC_REFUSED', message, data);
  }
}

export class RpcUnreachable extends Fault {
  constructor(url: string, why: string) {
    super('RPC_UNREACHABLE', `the chain at ${new URL(url).origin} does not answer: ${why}`);
  }
}

interface Answer { readonly result?: Json; readonly error?: { readonly code: number; readonly message: string; readonly data?: Json } }

/** A node that is started again is back in a few seconds. */
const patienceMs = 10_000;
const pauseMs = 100;

export function jsonRpc(url: string): { request(method: string, params?: readonly Json[]): Promise<Json> } {
  let id = 0;
  return {
    async request(method, params = []) {
      id += 1;
      const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      const { result, error } = await post(url, body);
      if (error !== undefined) throw new RpcRefused(error.message, error.code, error.data ?? null);
      return result ?? null;
    },
  };
}

/** Only what was never sent is sent again. */
async function post(url: string, body: string): Promise<Answer> {
  for (const deadline = Date.now() + patienceMs; ;) {
    try {
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      return await response.json() as Answer;
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      if (codeOf(cause) !== 'ECONNREFUSED' || Date.now() > deadline) throw new RpcUnreachable(url, messageOf(cause));
      await sleep(pauseMs);
    }
  }
}
