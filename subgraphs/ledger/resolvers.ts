import { getAddress } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import type { ContractName, Ledger } from '@oort/schema';
import type { ChainCalls } from './calls';
import type { Chain } from './chain';
import { fateOf, followBlocks, followFate, type Fate } from './fate';
import type { MerkleReader } from './merkle-reader';
import { account, blockAt, epochAt, transaction, type ChainBlock } from './read-chain';

export interface LedgerRoom {
  readonly ledger: Ledger;
  readonly chain: Chain;
  readonly calls: ChainCalls;
  readonly reader: MerkleReader;
}

interface Page { readonly first: number; readonly after?: string | null }
type Answer = { readonly [name: string]: Json };

const maximumPage = 100;

export function ledgerResolvers({ ledger, chain, calls, reader }: LedgerRoom): Readonly<Record<string, unknown>> {
  return {
    Query: {
      chainStatus: async () => {
        const [status, head] = await Promise.all([ledger.request('status') as Promise<Answer>, chain.head()]);
        return {
          chainId: Number(chain.chainId), stableBlock: head, lastStableMci: status['last_stable_mci'] ?? null, epoch: status['epoch'] ?? null,
          logSize: reader.size, lastAnchor: reader.latest, pendingCalls: calls.pendingCount, trouble: calls.trouble,
        };
      },
      chainBlocks: async (_: unknown, { first, after = null }: Page) => {
        const head = await chain.head();
        const top = after !== null && /^\d{1,15}$/.test(after) ? Math.min(Number(after) - 1, head) : head;
        const count = Math.max(0, Math.min(first, maximumPage, top + 1));
        const blocks = await Promise.all(Array.from({ length: count }, (__, index) => blockAt(ledger, top - index)));
        return connection(blocks.filter((block) => block !== null), (block) => String(block.number), head + 1, top < head, top - count >= 0);
      },
      chainTransaction: (_: unknown, { hash }: { readonly hash: string }) => (/^0x[0-9a-fA-F]{64}$/.test(hash) ? transaction(ledger, chain, hash.toLowerCase()) : null),
      chainAccount: (_: unknown, { address }: { readonly address: string }) => account(ledger, chain, address),
      witnesses: async () => (await ledger.request('witness_list', []) as readonly string[]).map((address) => ({ address: getAddress(address) })),
      chainEpoch: (_: unknown, { number = null }: { readonly number?: number | null }) => epochAt(ledger, number),
      transactionFate: (_: unknown, { hash }: { readonly hash: string }) => fateOf(ledger, hash),
      anchors: (_: unknown, { first, after = null }: Page) => {
        const newestFirst = [...reader.anchors].reverse().filter(({ treeSize }) => after === null || treeSize < Number(after));
        const page = newestFirst.slice(0, Math.max(0, Math.min(first, maximumPage)));
        return connection(page, ({ treeSize }) => String(treeSize), reader.anchors.length, after !== null, page.length < newestFirst.length);
      },
      systemContracts: () => [...chain.contracts].map(([name, address]) => ({ name, address })),
      eventProof: (_: unknown, { eventId }: { readonly eventId: string }) => reader.prove(eventId),
    },
    Subscription: {
      stableBlockAdded: {
        subscribe: (_: unknown, { after = null }: { readonly after?: number | null }) => followBlocks(ledger, after),
        resolve: (block: ChainBlock) => block,
      },
      transactionFateChanged: {
        subscribe: (_: unknown, { hash }: { readonly hash: string }) => followFate(ledger, hash), resolve: (fate: Fate) => fate,
      },
    },
    ChainEpoch: { __resolveReference: ({ number }: { readonly number: number }) => epochAt(ledger, number) },
    ChainBlock: { __resolveReference: ({ number }: { readonly number: number }) => blockAt(ledger, number) },
    ChainTransaction: { __resolveReference: ({ hash }: { readonly hash: string }) => transaction(ledger, chain, hash) },
    ChainAccount: { __resolveReference: ({ address }: { readonly address: string }) => account(ledger, chain, address) },
    SystemContract: {
      __resolveReference: ({ name }: { readonly name: string }) => {
        const address = chain.contracts.get(name as ContractName);
        return address === undefined ? null : { name, address };
      },
    },
    Anchor: { __resolveReference: ({ treeSize }: { readonly treeSize: number }) => reader.anchors.find((anchor) => anchor.treeSize === treeSize) ?? null },
    EventProof: { __resolveReference: ({ eventId }: { readonly eventId: string }) => reader.prove(eventId) },
  };
}

function connection<T>(nodes: readonly T[], cursorOf: (node: T) => string, totalCount: number, hasPreviousPage: boolean, hasNextPage: boolean): object {
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    totalCount, edges, pageInfo: { hasNextPage, hasPreviousPage, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
  };
}
