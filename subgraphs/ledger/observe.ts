// Turns the logs of the system contracts into events, once each and in the chain's order. The stream is its own cursor:
// all logs of a block are appended at once, so the block of the last event is the last that was seen whole.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, EventToAppend, ExpectedRevision } from '@oort/kernel-eventstore';
import { uuidV5 } from '@oort/kernel-wire';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { Chain, ObservedLog } from './chain';

export const chainLogs = 'chain-logs';

const pollMs = 250;
const blocksAtOnce = 1_000;

export interface ObserverPorts { readonly store: EventStore; readonly chain: Pick<Chain, 'head' | 'logs'>; now(): Date }

/** Runs until the signal aborts. A node that does not answer is asked again. */
export async function observeLogs({ store, chain, now }: ObserverPorts, signal: AbortSignal): Promise<void> {
  let { block, expected } = await cursor(store);
  while (!signal.aborted) {
    const head = await chain.head().catch(() => block);
    if (head > block) {
      const to = Math.min(head, block + blocksAtOnce);
      const logs = await chain.logs(block + 1, to).catch(() => null);
      if (logs !== null) {
        for (const ofBlock of byBlock(logs)) expected = (await store.append(chainLogs, expected, ofBlock.map((log) => eventOf(log, now())))).revision;
        block = to;
        continue;
      }
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}

async function cursor(store: EventStore): Promise<{ block: number; expected: ExpectedRevision }> {
  for await (const { data, revision } of store.read(chainLogs, { direction: 'backwards', limit: 1 })) {
    return { block: (data as unknown as { readonly blockNumber: number }).blockNumber, expected: revision };
  }
  return { block: -1, expected: 'no-stream' };
}

function byBlock(logs: readonly ObservedLog[]): readonly (readonly ObservedLog[])[] {
  const blocks = new Map<number, ObservedLog[]>();
  for (const log of logs) blocks.set(log.blockNumber, [...(blocks.get(log.blockNumber) ?? []), log]);
  return [...blocks].sort(([one], [other]) => one - other).map(([, ofBlock]) => ofBlock);
}

function eventOf(log: ObservedLog, now: Date): EventToAppend {
  const event: LedgerEvent = { type: 'ChainLogObserved', data: log };
  return {
    id: uuidV5(`chain-log/${log.txHash}/${log.logIndex}`), type: event.type, data: event.data,
    metadata: { actor: 'chain', correlationId: log.txHash, causationId: log.txHash, occurredAt: now.toISOString(), schemaVersion: 1 },
  };
}
