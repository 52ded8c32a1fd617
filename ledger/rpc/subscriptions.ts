import type { Json } from '@oort/kernel-wire';
import type { ExecutedMci } from '@oort/ledger-execution';
import type { RpcBackend } from './backend';
import type { Request } from './door';
import { blockJson, latestIndex, syncProgress } from './ethereum';
import { LedgerFault, rpcCodes } from './fault';
import { filterParam, logMatches } from './parse';
import type { Params } from './parse';
import { presentLog, quantity } from './present';

/** On one socket. */
const mostSubscriptions = 1000;

type Present = (executed: ExecutedMci) => Json[];

const lookMs = 250;

/** eth_subscribe on one WebSocket: `newHeads`, `logs` with an address and topic filter, both of what is stable only,
 *  `newPendingTransactions`, and `syncing`, which tells when the node begins and ends to catch up. */
export function subscribing(
  backend: RpcBackend, request: Request, send: (message: Json) => void,
): { readonly request: Request; readonly end: () => void } {
  const subscriptions = new Map<string, () => void>();
  let last = 0;
  const subscribe = (params: Params): Json => {
    if (subscriptions.size >= mostSubscriptions) throw new LedgerFault('TOO_MANY_SUBSCRIPTIONS', rpcCodes.refused, 'too many subscriptions');
    const sent = (result: Json): void => { send({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: id, result } }); };
    last += 1;
    const id = quantity(last);
    if (params[0] === 'newPendingTransactions') {
      subscriptions.set(id, backend.onPending(sent));
      return id;
    }
    if (params[0] === 'syncing') {
      subscriptions.set(id, onSyncing(backend, sent));
      return id;
    }
    const present = presenting(backend, params);
    subscriptions.set(id, backend.onExecuted((executed) => { for (const result of present(executed)) sent(result); }));
    return id;
  };
  const unsubscribe = (id: Json | undefined): boolean => {
    if (typeof id !== 'string') return false;
    subscriptions.get(id)?.();
    return subscriptions.delete(id);
  };
  return {
    request: async (method, params = []) => {
      if (method === 'eth_subscribe') return subscribe(params);
      return method === 'eth_unsubscribe' ? unsubscribe(params[0]) : request(method, params);
    },
    end: () => {
      for (const stop of subscriptions.values()) stop();
      subscriptions.clear();
    },
  };
}

/** As geth tells it: the progress once it begins, or at once where it has begun already, and false once it has ended. */
function onSyncing(backend: RpcBackend, sent: (result: Json) => void): () => void {
  let [was, started] = [false, 0];
  const look = (): void => {
    const is = backend.syncing();
    if (is === was) return;
    was = is;
    if (is) started = latestIndex(backend);
    sent(is ? { syncing: true, status: syncProgress(backend, started) } : false);
  };
  const timer = setInterval(look, lookMs);
  // Behind the answer that names the subscription.
  setImmediate(look);
  return () => { clearInterval(timer); };
}

function presenting(backend: RpcBackend, [kind, filter]: Params): Present {
  if (kind === 'newHeads') {
    return ({ blocks }) => blocks.map(({ hash, record }) => blockJson(backend, hash, record, false));
  }
  if (kind === 'logs') {
    const wanted = filterParam(filter ?? {}, latestIndex(backend), () => 0);
    return ({ blocks }) => blocks.flatMap(({ record, logs }) =>
      logs.flatMap((log, number) => (logMatches(log, wanted) ? [presentLog(log, record.index, number)] : [])));
  }
  throw new LedgerFault('SUBSCRIPTION_UNKNOWN', rpcCodes.invalidParams, `no subscription ${String(kind)}`);
}
