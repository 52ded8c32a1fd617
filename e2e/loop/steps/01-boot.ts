// What runs, as its own doors tell it.
import type { LoopContext, Step } from '../step';
import { startPartner } from '../partners';

interface Nodes { readonly nodes: { readonly totalCount: number; readonly edges: readonly { readonly node: { readonly kind: string; readonly status: string; readonly online: boolean } }[] } }

const nodesQuery = 'query Nodes { nodes(first: 50) { totalCount edges { node { kind status online } } } }';

export const step: Step = { number: 1, title: 'Boot: platform, chain and nine agents', run };

async function run(context: LoopContext): Promise<void> {
  const { chainId } = await context.chain.getNetwork();
  const witnesses = await context.chain.send('witness_list', [0]) as readonly string[];
  context.made('chain', `id ${chainId}, ${witnesses.length} witnesses, genesis ${String(await context.chain.send('olympus_genesisHash', []))}`);
  for (const [door, url] of Object.entries(context.urls)) context.made(door, String(url));
  context.check('four witnesses serve', witnesses.length === 4);
  const kinds = await context.eventually('nine active nodes', async () => {
    const { nodes } = await context.graphql<Nodes>(nodesQuery);
    const active = nodes.edges.filter(({ node }) => node.status === 'active' && node.online).map(({ node }) => node.kind);
    return active.length === context.agents.size ? active : null;
  }, 45_000);
  const count = (kind: string): number => kinds.filter((one) => one === kind).length;
  context.check('6 super, 1 archive and 2 edge nodes are active', count('super') === 6 && count('archive') === 1 && count('edge') === 2);
  await startPartner(context);
  context.progress('a partner follows the events from here on, in a process of its own');
}
