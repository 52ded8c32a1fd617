// The seat of a node at LeafCourt, over JSON-RPC. Its key is made on the device and speaks for nothing else; the pool enlists it.
import { join } from 'node:path';
import { Contract, JsonRpcProvider, Wallet, getBytes, type ContractTransactionResponse, type EventLog } from 'ethers';
import { courtAnswer } from '@oort/algorithms-possession';
import { Fault } from '@oort/kernel-wire';
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

/** A block's time may lie a little behind the clock. */
const slackMs = 60_000;

/** The key lies in the node's directory. Throws NoLeafCourt, and what ethers says of a chain that does not answer. */
export async function openLeafCourt(directory: string, { rpc, pool }: CourtOptions): Promise<LeafCourtSeat & { close(): void }> {
  const provider = new JsonRpcProvider(rpc, undefined, { staticNetwork: true, pollingInterval: 500, cacheTimeout: -1 });
  const path = join(directory, 'court-key.json');
  const { key } = readState<{ readonly key: string }>(path) ?? { key: Wallet.createRandom().privateKey };
  writeState(path, { key });
  const wallet = new Wallet(key, provider);
  const { LeafCourt: address } = await provider.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  if (address === undefined) throw new NoLeafCourt(rpc);
  const court = new Contract(address, contractAbis.LeafCourt, wallet);
  const ask = (method: string, ...args: readonly unknown[]): Promise<unknown> => court.getFunction(method).staticCall(...args);
  const [inventorySeconds, answerSeconds] = await Promise.all([ask('inventorySeconds'), ask('answerSeconds')]) as [bigint, bigint];
  let seen = -1;
  return {
    node: wallet.address, keepMs: Number(inventorySeconds + answerSeconds) * 1000 + slackMs,
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
