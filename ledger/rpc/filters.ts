import type { Json } from '@oort/kernel-wire';
import type { RpcBackend } from './backend';
import { latestIndex, logsOf } from './ethereum';
import type { Methods } from './ethereum';
import { LedgerFault, rpcCodes } from './fault';
import { filterParam } from './parse';
import { quantity } from './present';

interface Filter {
  /** What came since it was asked last. */
  readonly changes: () => Json[];
  /** Of a filter of logs: all that match, from its own first block on. */
  readonly all: (() => Json[]) | null;
  readonly end: () => void;
  askedAt: number;
}

const forgottenAfterSeconds = 300;
const mostFilters = 1000;
const mostWaiting = 10_000;

/** Polling filters; one that nobody asks for five minutes is forgotten. */
export function filterMethods(backend: RpcBackend): Methods {
  const filters = new Map<string, Filter>();
  let last = 0;
  const remove = (id: string): boolean => {
    filters.get(id)?.end();
    return filters.delete(id);
  };
  const install = (filter: Pick<Filter, 'changes'> & Partial<Filter>): Json => {
    const now = backend.now();
    for (const [id, { askedAt }] of filters) if (now - askedAt > forgottenAfterSeconds) remove(id);
    if (filters.size >= mostFilters) throw new LedgerFault('TOO_MANY_FILTERS', rpcCodes.refused, 'too many filters');
    last += 1;
    filters.set(quantity(last), { all: null, end: () => undefined, ...filter, askedAt: now });
    return quantity(last);
  };
  const asked = (id: Json | undefined): Filter => {
    const filter = typeof id === 'string' ? filters.get(id) : undefined;
    if (filter === undefined) throw new LedgerFault('FILTER_UNKNOWN', rpcCodes.refused, 'filter not found');
    filter.askedAt = backend.now();
    return filter;
  };
  /** `of` over each stretch of blocks once. */
  const sinceLast = (of: (from: number, to: number) => Json[]): (() => Json[]) => {
    let next = latestIndex(backend) + 1;
    return () => {
      const latest = latestIndex(backend);
      const found = latest < next ? [] : of(next, latest);
      next = latest + 1;
      return found;
    };
  };
  const hashes = (from: number, to: number): Json[] =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, offset) => backend.chain.hashAt(from + offset) ?? null);
  return {
    eth_newFilter: ([wanted]) => {
      const parsed = filterParam(wanted, latestIndex(backend), () => 0);
      return install({
        changes: sinceLast((from, to) => logsOf(backend, { ...parsed, from, to })),
        all: () => logsOf(backend, { ...parsed, to: latestIndex(backend) }),
      });
    },
    eth_newBlockFilter: () => install({ changes: sinceLast(hashes) }),
    eth_newPendingTransactionFilter: () => {
      let waiting: Json[] = [];
      const end = backend.onPending((hash) => { if (waiting.length < mostWaiting) waiting.push(hash); });
      return install({ end, changes: () => { const seen = waiting; waiting = []; return seen; } });
    },
    eth_getFilterChanges: ([id]) => asked(id).changes(),
    eth_getFilterLogs: ([id]) => {
      const { all } = asked(id);
      if (all === null) throw new LedgerFault('FILTER_UNKNOWN', rpcCodes.refused, 'filter not found');
      return all();
    },
    eth_uninstallFilter: ([id]) => typeof id === 'string' && remove(id),
  };
}
