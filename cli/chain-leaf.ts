// `oort chain leaf`: a pool answers for a node's key; anybody disputes a leaf that such a key signed for, and has it convicted.
import { JsonRpcProvider, Wallet, id, type Contract } from 'ethers';
import { isSignedForCourt, type SignedForCourt } from '@oort/algorithms-possession';
import { Fault } from '@oort/kernel-wire';
import { addressesOf, addressOf, contractOf, send, type Chain } from './chain-stake';
import { readKey } from './key-file';
import { queryPlatform } from './query-platform';
import { readOptions, required, UsageRefused } from './usage';

export class LeafRefused extends Fault {
  constructor(message: string) { super('LEAF_REFUSED', message); }
}

const usage = 'oort chain leaf enlist|dismiss|dispute|convict|show';
const stages = ['none', 'open', 'shown', 'missing'] as const;
const pageSize = 1000;
const feedQuery = 'query Feed($after: String) { events(after: $after, first: 1000) { edges { node { type data } } pageInfo { endCursor } } }';

interface Page { readonly events: { readonly edges: readonly { readonly node: { readonly type: string; readonly data: Readonly<Record<string, unknown>> } }[]; readonly pageInfo: { readonly endCursor: string | null } } }

export async function chainLeaf(commandLine: readonly string[]): Promise<void> {
  const { values, positionals: [action = '', ...others] } = readOptions(commandLine, {
    rpc: { type: 'string', default: 'http://127.0.0.1:8765' }, platform: { type: 'string', default: 'http://127.0.0.1:4000' }, key: { type: 'string' },
    node: { type: 'string' }, 'node-id': { type: 'string' }, index: { type: 'string' }, dispute: { type: 'string' },
  });
  if (others.length > 0 || !['enlist', 'dismiss', 'dispute', 'convict', 'show'].includes(action)) throw new UsageRefused(usage);
  // Showing takes nobody's key.
  const wallet = action === 'show' ? new Wallet(id('nobody')) : new Wallet(readKey(required(values.key, '--key')));
  const provider = new JsonRpcProvider(values.rpc, undefined, { staticNetwork: true, pollingInterval: 200, cacheTimeout: -1 });
  try {
    const chain: Chain = { provider, addresses: await addressesOf(provider, values.rpc) };
    if (chain.addresses['LeafCourt'] === undefined) throw new LeafRefused(`the chain at ${values.rpc} has no LeafCourt`);
    const court = contractOf(chain, 'LeafCourt', wallet);
    process.stdout.write(`${JSON.stringify(await act(court, action, values), null, 2)}\n`);
  } finally {
    provider.destroy();
  }
}

async function act(court: Contract, action: string, values: { readonly [name: string]: string | undefined }): Promise<object> {
  if (action === 'enlist' || action === 'dismiss') {
    const node = addressOf(required(values['node'], '--node'), '--node');
    await send(court, action, [node]);
    return { node, [action === 'enlist' ? 'enlisted' : 'dismissed']: true };
  }
  if (action === 'dispute') {
    const index = Number(required(values['index'], '--index'));
    if (!Number.isSafeInteger(index) || index < 0) throw new UsageRefused('--index is the number of a leaf, from 0 on');
    const { signature, ...made } = await signedBy(required(values['platform'], '--platform'), required(values['node-id'], '--node-id'));
    await send(court, 'dispute', [made, signature, index], await court.getFunction('bond').staticCall() as bigint);
    return show(court, String(await court.getFunction('disputeId').staticCall(await court.getFunction('inventoryId').staticCall(made), index)));
  }
  const dispute = required(values['dispute'], '--dispute');
  if (!/^0x[0-9a-f]{64}$/i.test(dispute)) throw new UsageRefused('--dispute is 32 bytes in hex with 0x');
  if (action === 'convict') await send(court, 'convict', [dispute]);
  return show(court, dispute);
}

async function show(court: Contract, dispute: string): Promise<object> {
  const [inventory, by, index, answerUntil, stage] = await court.getFunction('disputes').staticCall(dispute) as readonly [string, string, bigint, bigint, bigint];
  const [pool, root, leaves, open, slashed] = await court.getFunction('inventories').staticCall(inventory) as readonly [string, string, bigint, bigint, boolean];
  if (stage === 0n) throw new LeafRefused(`${dispute} is no dispute`);
  return {
    dispute, leaf: stages[Number(stage)] ?? String(stage), by, index: Number(index), answerUntil: new Date(Number(answerUntil) * 1000).toISOString(),
    inventory: { pool, root, leaves: Number(leaves), openDisputes: Number(open), slashed },
  };
}

/** The last inventory that the node signed for the chain, from the public feed. */
async function signedBy(platform: string, nodeId: string): Promise<SignedForCourt> {
  let last: SignedForCourt | null = null;
  for (let after: string | null = null; ;) {
    const { events }: Page = await queryPlatform<Page>(platform, feedQuery, { after });
    for (const { node: { type, data } } of events.edges) {
      if (type !== 'InventoryCommitted' || data['nodeId'] !== nodeId) continue;
      const signed = typeof data['court'] === 'object' ? { ...data['court'], root: `0x${String(data['root'])}`, leaves: data['leaves'] } : null;
      last = isSignedForCourt(signed) ? signed : null;
    }
    if (events.edges.length < pageSize) break;
    after = events.pageInfo.endCursor;
  }
  if (last === null) throw new LeafRefused(`${nodeId} has signed no inventory for the chain`);
  return last;
}
