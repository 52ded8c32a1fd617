import { Fault } from '@oort/kernel-wire';
import type { Json } from '@oort/kernel-wire';
import type { RpcBackend } from './backend';
import { debugMethods } from './debug';
import { ethereumMethods } from './ethereum';
import { LedgerFault, rpcCodes } from './fault';
import { filterMethods } from './filters';
import { meterMethods } from './meter';
import { olympusMethods } from './olympus';
import type { Params } from './parse';

/** One method of the node: the `Ledger` port of schema/chain/ledger.ts. */
export type Request = (method: string, params?: Params) => Promise<Json>;

export function createRequest(backend: RpcBackend): Request {
  const olympus = olympusMethods(backend);
  const methods = new Map(Object.entries({
    ...ethereumMethods(backend), ...filterMethods(backend), ...debugMethods(backend), ...olympus, ...meterMethods(backend, olympus),
  }));
  return async (method, params = []) => {
    const run = methods.get(method);
    if (run === undefined) {
      throw new LedgerFault('METHOD_NOT_FOUND', rpcCodes.methodNotFound, `the method ${method} does not exist/is not available`);
    }
    return run(params);
  };
}

/** JSON-RPC 2.0, section 5: one answer; null for a notification. */
export async function answer(request: Request, message: unknown): Promise<Json> {
  const call = callOf(message);
  if (call === null) return errorOf(null, rpcCodes.invalidRequest, 'invalid request');
  try {
    const result = await request(call.method, call.params);
    return call.id === undefined ? null : { jsonrpc: '2.0', id: call.id, result };
  } catch (error) {
    if (call.id === undefined) return null;
    if (error instanceof LedgerFault) return errorOf(call.id, error.rpcCode, error.message, error.data);
    if (error instanceof Fault) return errorOf(call.id, rpcCodes.internal, error.message);
    return errorOf(call.id, rpcCodes.internal, 'internal error');
  }
}

/** A single message or a batch (section 6); null where nothing is to be sent. */
export async function answerText(request: Request, text: string): Promise<Json> {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return errorOf(null, rpcCodes.parseError, 'parse error');
  }
  if (!Array.isArray(message)) return answer(request, message);
  if (message.length === 0) return errorOf(null, rpcCodes.invalidRequest, 'an empty batch');
  if (message.length > 1000) return errorOf(null, rpcCodes.invalidRequest, 'a batch takes 1000 requests');
  const answers = await Promise.all(message.map((each: unknown) => answer(request, each)));
  const sent = answers.filter((each) => each !== null);
  return sent.length === 0 ? null : sent;
}

interface Call {
  readonly method: string;
  readonly params: Params;
  readonly id: number | string | null | undefined;
}

function callOf(message: unknown): Call | null {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return null;
  const { method, params, id } = message as { readonly method?: unknown; readonly params?: unknown; readonly id?: unknown };
  if (typeof method !== 'string' || (params !== undefined && !Array.isArray(params))) return null;
  if (id !== undefined && id !== null && typeof id !== 'number' && typeof id !== 'string') return null;
  return { method, params: params === undefined ? [] : (params as Params), id };
}

function errorOf(id: Json, code: number, message: string, data: Json = null): Json {
  return { jsonrpc: '2.0', id, error: data === null ? { code, message } : { code, message, data } };
}
