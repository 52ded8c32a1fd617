// The seat of a node at LeafCourt, over JSON-RPC. Its key is made on the device and speaks for nothing else; the pool enlists it.
import { join } from 'node:path';
import { Contract, JsonRpcProvider, Wallet, getBytes, type ContractTransactionResponse, type EventLog } from 'ethers';
import { courtAnswer } from '@oort/algorithms-possession';
import { Fault, messageOf } from '@oort/kernel-wire';
import { contractAbis } from '@oort/schema';
import { readState, writeState } from '../state-file';
import type { LeafCourtSeat } from './leaf-defence';

export interface CourtOptions {
  /** JSON-RPC of a chain that the node believes. */
  readonly rpc: string;
  /** The address that answers for the node with its stake. */
  readonly pool: string;
}

export class NoLeafCourt extends Fault {
  constructor(rpc: string) { super('NO_LEAF_COURT', `the network behind ${rpc} has no LeafCourt`, { rpc }); }
}

export class ChainAway extends Fault {
  constructor(rpc: string, reason: string) { super('CHAIN_AWAY', `the chain behind ${rpc} does not answer: ${reason}`, { rpc }); }
}

const answerMs = 5_000;
/** A block's time may lie a little behind the clock. */
const slackMs = 60_000;

/** What a node keeps of it, so that it starts though the chain does not answer. */
interface Remembered { readonly key: string; readonly chainId?: number; readonly address?: string; readonly keepMs?: number }

/** The key lies in the node's directory. Throws NoLeafCourt, and on the first start ChainAway. */
export async function openLeafCourt(directory: string, { rpc, pool }: CourtOptions): Promise<LeafCourtSeat & { close(): void }> {
  const path = join(directory, 'court-key.json');
  const before = readState<Remembered>(path) ?? { key: Wallet.createRandom().privateKey };
  writeState(path, before);
  const { key, chainId, address, keepMs } = await looked(rpc, before);
  writeState(path, { key, chainId, address, keepMs } satisfies Remembered);
  const provider = providerOf(rpc, chainId);
  const wallet = new Wallet(key, provider);
  const court = new Contract(address, contractAbis.LeafCourt, wallet);
  const ask = (method: string, ...args: readonly unknown[]): Promise<unknown> => court.getFunction(method).staticCall(...args);
  let seen = -1;
  return {
    node: wallet.address, keepMs,
    async sign({ root, leaves, madeAt }) {
      const made = { pool, node: wallet.address, root: `0x${root}`, leaves, madeAt: Math.floor(madeAt.getTime() / 1000) };
      return { ...made, signature: await wallet.signMessage(getBytes(String(await ask('inventoryId', made)))) };
    },
    async news() {
      const head = await provider.getBlockNumber();
      if (head <= seen) return [];
      const logs = await court.queryFilter(court.getEvent('LeafDisputed')(null, null, wallet.address), seen + 1, head) as readonly EventLog[];
      seen = head;
      return logs.map(({ args }) => ({
        disputeId: String(args['disputeId']), root: String(args['root']).slice(2), index: Number(args['index']), answerUntilMs: Number(args['answerUntil']) * 1000,
      }));
    },
    isOpen: async (disputeId) => (await ask('disputes', disputeId) as readonly bigint[])[4] === 1n,
    async answer(disputeId, given) {
      const sent = await court.getFunction('answer')(disputeId, ...courtAnswer(given)) as ContractTransactionResponse;
      await sent.wait();
    },
    close() { provider.destroy(); },
  };
}

/** The network is named, since a provider that looks for it by itself waits for ever. */
function providerOf(rpc: string, chainId: number): JsonRpcProvider {
  return new JsonRpcProvider(rpc, chainId, { staticNetwork: true, pollingInterval: 500, cacheTimeout: -1 });
}

async function looked(rpc: string, before: Remembered): Promise<Required<Remembered>> {
  try {
    const [chainId, contracts] = [await asked(rpc, 'eth_chainId'), await asked(rpc, 'olympus_contracts') as Readonly<Record<string, string>>];
    const address = contracts['LeafCourt'];
    if (address === undefined) throw new NoLeafCourt(rpc);
    const provider = providerOf(rpc, Number(chainId));
    const court = new Contract(address, contractAbis.LeafCourt, provider);
    const seconds = await Promise.all(['inventorySeconds', 'answerSeconds'].map((period) => court.getFunction(period).staticCall() as Promise<bigint>)).finally(() => { provider.destroy(); });
    return { key: before.key, chainId: Number(chainId), address, keepMs: Number(seconds.reduce((sum, period) => sum + period, 0n)) * 1000 + slackMs };
  } catch (error) {
    const { key, chainId, address, keepMs } = before;
    if (error instanceof NoLeafCourt) throw error;
    if (chainId === undefined || address === undefined || keepMs === undefined) throw new ChainAway(rpc, messageOf(error));
    return { key, chainId, address, keepMs };
  }
}

async function asked(rpc: string, method: string): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: [] });
  const answer = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(answerMs) });
  return (await answer.json() as { readonly result?: unknown }).result;
}
