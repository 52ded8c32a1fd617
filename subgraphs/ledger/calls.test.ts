// A kill between any two moments of a call: the same transaction goes out again and counts once.
import { Transaction } from 'ethers';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import type { Ledger } from '@oort/schema';
import { ChainCalls, type CallRequest } from './calls';
import { Chain } from './chain';
import { MerkleReader } from './merkle-reader';
import { observeLogs } from './observe';

const platformKey = `0x${'11'.repeat(32)}`;
const now = (): Date => new Date();
const request: CallRequest = {
  callId: 'call_1', contract: 'Anchors', method: 'anchor', args: [1, `0x${'ab'.repeat(32)}`], valueWei: 0n, subject: { kind: 'anchor', id: '1' },
};

/** A node as far as the port goes: executes by nonce, each transaction once, and may be deaf. */
class Node implements Ledger {
  readonly executed: string[] = [];
  deaf = false;
  mute = false;

  request(method: string, params: readonly Json[] = []): Promise<Json> {
    switch (method) {
      case 'eth_chainId': return Promise.resolve('0x3cb');
      case 'eth_gasPrice': return Promise.resolve('0x1');
      case 'olympus_contracts': return Promise.resolve({ Anchors: `0x${'22'.repeat(20)}` });
      case 'eth_getTransactionCount': return Promise.resolve(`0x${this.executed.length.toString(16)}`);
      case 'eth_sendRawTransaction': return this.take(String(params[0]));
      case 'eth_getTransactionReceipt': {
        const index = this.executed.indexOf(String(params[0]));
        return Promise.resolve(index < 0 || this.mute ? null : { blockHash: '0x0b', blockNumber: `0x${(index + 1).toString(16)}`, status: '0x1' });
      }
      default: return Promise.reject(new TypeError(method));
    }
  }

  private take(raw: string): Promise<Json> {
    const { hash, nonce } = Transaction.from(raw);
    if (this.deaf) return Promise.reject(new TypeError('away'));
    if (nonce !== this.executed.length || hash === null) return Promise.reject(new TypeError('nonce too low'));
    this.executed.push(hash);
    return Promise.resolve(hash);
  }
}

async function types(store: EventStore): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { type } of store.readAll('start')) found.push(type);
  return found;
}

async function runUntilIdle(calls: ChainCalls): Promise<void> {
  const stop = new AbortController();
  const running = calls.run(stop.signal);
  while (calls.pendingCount > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort();
  await running;
}

it.each([
  ['before it was sent', (node: Node) => { node.deaf = true; }],
  ['after it was sent and before it was final', (node: Node) => { node.mute = true; }],
])('a kill %s neither loses nor doubles a call', async (_, cripple) => {
  const [store, node] = [memoryStore(), new Node()];
  cripple(node);
  const chain = await Chain.open(node, platformKey);
  await new ChainCalls(store, chain, now).intend(request);
  expect(await types(store)).toEqual(['ChainCallIntended']);

  [node.deaf, node.mute] = [false, false];
  const next = new ChainCalls(store, chain, now);
  await next.resume();
  await next.intend(request);
  await runUntilIdle(next);
  expect(node.executed).toHaveLength(1);
  expect(await types(store)).toEqual(['ChainCallIntended', 'ChainCallFinalised', 'LogAnchored']);
});

it('a call that is final is not made again', async () => {
  const [store, node] = [memoryStore(), new Node()];
  const chain = await Chain.open(node, platformKey);
  for (let time = 0; time < 2; time += 1) {
    const calls = new ChainCalls(store, chain, now);
    await calls.intend(request);
    await runUntilIdle(calls);
  }
  expect(node.executed).toHaveLength(1);
});

it('a call that cannot be encoded reserves no nonce', async () => {
  const [store, node] = [memoryStore(), new Node()];
  const calls = new ChainCalls(store, await Chain.open(node, platformKey), now);
  await expect(calls.intend({ ...request, args: [1, 'no root'] })).rejects.toMatchObject({ code: 'CALL_NOT_ENCODABLE' });
  await calls.intend(request);
  expect(await types(store)).toEqual(['ChainCallIntended']);
});

it('logs are observed once each, by block, across restarts', async () => {
  const store = memoryStore();
  const log = (blockNumber: number, logIndex: number) =>
    ({ contract: 'Payments' as const, event: 'Paid', args: { amount: '1' }, txHash: `0x0${blockNumber}`, logIndex, blockNumber });
  const all = [log(1, 0), log(1, 1), log(4, 0)];
  let head = 2;
  const chain = { head: () => Promise.resolve(head), logs: (from: number, to: number) => Promise.resolve(all.filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to)) };
  for (head of [2, 4, 6]) {
    const stop = new AbortController();
    const observing = observeLogs({ store, chain, now }, stop.signal);
    await new Promise((resolve) => setTimeout(resolve, 30));
    stop.abort();
    await observing;
  }
  expect(await types(store)).toEqual(['ChainLogObserved', 'ChainLogObserved', 'ChainLogObserved']);
});

it('the Merkle log proves what is anchored and refuses a store that was changed', async () => {
  const store = memoryStore();
  const metadata = { actor: 'a', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  for (let index = 0; index < 5; index += 1) await store.append('s', 'any', [{ id: `event-${index}`, type: 'T', data: { index }, metadata }]);
  const read = async (): Promise<MerkleReader> => {
    const reader = new MerkleReader(store);
    const stop = new AbortController();
    await reader.run(stop.signal, () => { stop.abort(); });
    return reader;
  };
  const reader = await read();
  expect([reader.size, reader.hasNews, await reader.prove('event-0')]).toEqual([5, true, null]);
  const root = reader.root();
  await store.append('chain_calls', 'any', [{ id: 'anchor', type: 'LogAnchored', data: { treeSize: 5, root, txHash: '0x01', blockHash: '0x02', blockNumber: 1 }, metadata }]);
  const anchored = await read();
  expect(anchored.hasNews).toBe(false);
  expect(await anchored.prove('event-3')).toMatchObject({ index: 3, treeSize: 5, root });
  expect((await anchored.proveAll(['event-1', 'event-1', 'event-4']))?.events.map(({ id }) => id)).toEqual(['event-1', 'event-4']);
  expect(await anchored.proveAll(['event-1', 'anchor'])).toBeNull();

  await store.append('chain_calls', 'any', [{ id: 'lie', type: 'LogAnchored', data: { treeSize: 5, root: '00'.repeat(32), txHash: '0x01', blockHash: '0x02', blockNumber: 1 }, metadata }]);
  await expect(read()).rejects.toMatchObject({ code: 'LOG_DIVERGED' });
});
