import type { Json } from '@oort/kernel-wire';
import type { RpcBackend } from './backend';
import { latestIndex, logsOf } from './ethereum';
import type { Methods } from './ethereum';
import { LedgerFault, rpcCodes } from './fault';
import { filterParam } from './parse';
import { quantity } from './present';

interface Filter {
  readonly changes: (from: number, to: number) => Json[];
  next: number;
  askedAt: number;
}

const forgottenAfterSeconds = 300;
const mostFilters = 1000;

/** Polling filters; one that nobody asks for five minutes is forgotten. */
export function filterMethods(backend: RpcBackend): Methods {
  const filters = new Map<string, Filter>();
  let last = 0;
  const install = (changes: Filter['changes']): Json => {
    const now = backend.now();
    for (const [id, filter] of filters) if (now - filter.askedAt > forgottenAfterSeconds) filters.delete(id);
    if (filters.size >= mostFilters) throw new LedgerFault('TOO_MANY_FILTERS', rpcCodes.refused, 'too many filters');
    last += 1;
    filters.set(quantity(last), { changes, next: latestIndex(backend) + 1, askedAt: now });
    return quantity(last);
  };
  const hashes = (from: number, to: number): Json[] =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, offset) => backend.chain.hashAt(from + offset) ?? null);
  return {
    eth_newFilter: ([wanted]) => {
      const parsed = filterParam(wanted, latestIndex(backend), () => 0);
      return install((from, to) => logsOf(backend, { ...parsed, from, to }));
    },
    eth_newBlockFilter: () => install(hashes),
    eth_newPendingTransactionFilter: () => install(() => []),
    eth_getFilterChanges: ([id]) => {
      const filter = typeof id === 'string' ? filters.get(id) : undefined;
      if (filter === undefined) throw new LedgerFault('FILTER_UNKNOWN', rpcCodes.refused, 'filter not found');
      const latest = latestIndex(backend);
      const changes = latest < filter.next ? [] : filter.changes(filter.next, latest);
      filter.next = latest + 1;
      filter.askedAt = backend.now();
      return changes;
    },
    eth_uninstallFilter: ([id]) => typeof id === 'string' && filters.delete(id),
  };
}
