// What becomes of a transaction, and the final blocks as they come: read from the node while somebody listens. A listener that is slow
// misses nothing, since blocks have numbers, and holds nothing here: the next is read when it asks.
import { setTimeout as sleep } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { Json } from '@oort/kernel-wire';
import type { Ledger } from '@oort/schema';
import { blockAt, type ChainBlock } from './read-chain';

export interface Fate {
  readonly hash: string;
  readonly state: 'UNKNOWN' | 'PENDING' | 'FINAL' | 'FAILED';
  readonly blockNumber: number | null;
  readonly summary: Json;
  readonly finalSince: number | null;
}

type Answer = { readonly [name: string]: Json };

const pollMs = 100;
const hashForm = /^0x[0-9a-fA-F]{64}$/;

export async function fateOf(ledger: Ledger, hash: string): Promise<Fate> {
  if (!hashForm.test(hash)) throw new GraphQLError('This is no hash of a transaction.', { extensions: { code: 'BAD_USER_INPUT' } });
  const receipt = await ledger.request('eth_getTransactionReceipt', [hash]) as Answer | null;
  if (receipt === null) {
    const known = await ledger.request('eth_getTransactionByHash', [hash]);
    return { hash, state: known === null ? 'UNKNOWN' : 'PENDING', blockNumber: null, summary: null, finalSince: null };
  }
  const blockNumber = Number(receipt['blockNumber']);
  const [block, head] = await Promise.all([blockAt(ledger, blockNumber), ledger.request('eth_blockNumber')]);
  return {
    hash, state: Number(receipt['status']) === 1 ? 'FINAL' : 'FAILED', blockNumber, summary: block?.summary ?? null,
    finalSince: Number(head) - blockNumber,
  };
}

/** Ends with the last state; a hash that nobody knows is waited for. */
export function followFate(ledger: Ledger, hash: string): AsyncIterableIterator<Fate> {
  return stoppable(async function* follow(signal) {
    for (let last: Fate['state'] | null = null; last !== 'FINAL' && last !== 'FAILED';) {
      const fate = await fateOf(ledger, hash);
      if (fate.state === last) await sleep(pollMs, undefined, { signal });
      else yield fate;
      last = fate.state;
    }
  });
}

export function followBlocks(ledger: Ledger, after: number | null): AsyncIterableIterator<ChainBlock> {
  return stoppable(async function* follow(signal) {
    let next = (after ?? Number(await ledger.request('eth_blockNumber'))) + 1;
    for (;;) {
      const block = await blockAt(ledger, next);
      if (block === null) {
        await sleep(pollMs, undefined, { signal });
        continue;
      }
      next += 1;
      yield block;
    }
  });
}

/** A listener that leaves ends the wait at once: a generator alone would hear of it only at its next block. */
function stoppable<T>(follow: (signal: AbortSignal) => AsyncGenerator<T, void>): AsyncIterableIterator<T> {
  const stop = new AbortController();
  const items = follow(stop.signal);
  const done = { value: undefined, done: true } as const;
  return {
    next: () => items.next().catch((reason: unknown) => {
      if (stop.signal.aborted) return done;
      throw reason;
    }),
    return: () => {
      stop.abort();
      return Promise.resolve(done);
    },
    [Symbol.asyncIterator]() { return this; },
  };
}
