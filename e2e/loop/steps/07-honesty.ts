// One node starts to answer inference at random. Phantoms and replicas must catch it, the chain must slash it, no more
// work may come to it, and what it answered wrongly must be refunded. Honest nodes must come away clean.
import { Contract } from 'ethers';
import { contractAbis } from '@oort/schema';
import { ensurePools } from '../pools';
import type { AgentProcess, LoopContext, Step } from '../step';

interface Inferred { readonly infer: { readonly __typename: string; readonly id?: string; readonly nodeId?: string; readonly label?: string; readonly code?: string } }
interface Case { readonly id: string; readonly status: string; readonly nodeId: string; readonly amountWei: string | null; readonly txHash: string | null; readonly refutedJobs: number }
interface Honesty { readonly nodeHonesty: { readonly trust: number; readonly failures: number; readonly passes: number } | null }

const inferMutation = `mutation Infer($versionId: ID!, $image: String!) {
  infer(input: { versionId: $versionId, imageBase64: $image }) { __typename ... on Prediction { id nodeId label } ... on Refusal { code } }
}`;
const casesQuery = 'query Cases($nodeId: ID) { honestyCases(nodeId: $nodeId) { id status nodeId amountWei txHash refutedJobs } }';
const honestyQuery = 'query Honesty($nodeId: ID!) { nodeHonesty(nodeId: $nodeId) { trust passes failures } }';
const refundedQuery = `query Refunded($nodeId: ID!) {
  jobs(first: 1, filter: { kind: inference, status: refunded, nodeId: $nodeId }) { totalCount }
}`;
const nodeQuery = 'query Node($id: ID!) { node(id: $id) { status } }';
const atOnce = 8;
const mostInferences = 400;

export const step: Step = { number: 7, title: 'Honesty: a node that cheats is caught', run };

async function run(context: LoopContext): Promise<void> {
  const cheat = context.agents.get('super-5');
  if (cheat === undefined) return context.check('there is a node to cheat', false);
  const { StakingPools: pools = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  await ensurePools(context);
  const before = await ownStake(context, pools, cheat);
  await cheat.start({ OORT_FAULT: 'random-inference' });
  context.progress(`${cheat.name} answers at random from here on; nobody tells the platform`);
  const asked = await inferUntilCaught(context, cheat);
  context.made('inferences until the case', asked);
  const settled = await context.eventually('the slash on chain', () => caseOf(context, cheat.nodeId, ({ status, refutedJobs }) => status === 'settled' && refutedJobs > 0), 60_000);
  context.made('case', `${settled.id}, slashed ${settled.amountWei} wei in ${settled.txHash}`);
  context.check('its stake on chain fell by the slash', before - (await ownStake(context, pools, cheat)) === BigInt(settled.amountWei ?? 0) && before > 0n);
  await checkAftermath(context, cheat, settled);
  Object.assign(context.artifacts, { slashedNodeId: cheat.nodeId, caseId: settled.id });
}

async function inferUntilCaught(context: LoopContext, cheat: AgentProcess): Promise<number> {
  for (let asked = 0; asked < mostInferences; asked += atOnce) {
    await inferAtOnce(context, asked);
    if (await caseOf(context, cheat.nodeId, () => true) !== null) return asked + atOnce;
    if (asked % 40 === 0) context.progress(`${asked + atOnce} inferences asked`);
  }
  context.check(`caught within ${mostInferences} inferences`, false);
  return mostInferences;
}

/** The nodes that answered. */
async function inferAtOnce(context: LoopContext, from: number): Promise<readonly string[]> {
  const { heldOut } = context.images;
  const answers = await Promise.all(Array.from({ length: atOnce }, (_, index) => context.graphql<Inferred>(
    inferMutation, { versionId: context.artifacts.modelVersionId, image: heldOut[(from + index) % heldOut.length]?.png.toString('base64') }, context.customer)));
  return answers.flatMap(({ infer: { nodeId } }) => (nodeId === undefined ? [] : [nodeId]));
}

async function checkAftermath(context: LoopContext, cheat: AgentProcess, settled: Case): Promise<void> {
  const { nodeHonesty: record } = await context.graphql<Honesty>(honestyQuery, { nodeId: cheat.nodeId });
  context.check('its trust fell', (record?.trust ?? 1) < 0.2, `${record?.trust.toFixed(3)} after ${record?.failures} failures`);
  const { node } = await context.graphql<{ readonly node: { readonly status: string } }>(nodeQuery, { id: cheat.nodeId });
  context.check('it is suspended', node.status === 'suspended', node.status);
  const answeredBy = [...await inferAtOnce(context, 0), ...await inferAtOnce(context, atOnce)];
  context.check('no more work comes to it', answeredBy.length > 0 && !answeredBy.includes(cheat.nodeId), `${answeredBy.length} answers by others`);
  const refunded = await context.eventually('refunds', async () => {
    const { jobs } = await context.graphql<{ readonly jobs: { readonly totalCount: number } }>(refundedQuery, { nodeId: cheat.nodeId });
    return jobs.totalCount === settled.refutedJobs ? jobs.totalCount : null;
  });
  context.check('its wrong answers are refunded', refunded > 0, `${refunded} jobs`);
  const { honestyCases } = await context.graphql<{ readonly honestyCases: readonly Case[] }>(casesQuery, { nodeId: null });
  context.check('no honest node has a case', honestyCases.every(({ nodeId }) => nodeId === cheat.nodeId));
  await checkCommitments(context);
}

/** Anyone can count on chain what the officer committed to. */
async function checkCommitments(context: LoopContext): Promise<void> {
  const { HonestyCourt: court = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  const contract = new Contract(court, contractAbis.HonestyCourt, context.chain);
  const committed = await contract.queryFilter('BatchCommitted', 0);
  const opened = await contract.queryFilter('BatchOpened', 0);
  context.check('the officer committed on chain to what it sent out', committed.length > 0, `${committed.length} batches, ${opened.length} opened`);
}

async function caseOf(context: LoopContext, nodeId: string, wanted: (found: Case) => boolean): Promise<Case | null> {
  const { honestyCases } = await context.graphql<{ readonly honestyCases: readonly Case[] }>(casesQuery, { nodeId });
  return honestyCases.find(wanted) ?? null;
}

async function ownStake(context: LoopContext, pools: string, agent: AgentProcess): Promise<bigint> {
  const contract = new Contract(pools, contractAbis.StakingPools, context.chain);
  const stake = await contract.getFunction('stakeOf').staticCall(agent.operator.address) as readonly bigint[];
  return stake[0] ?? 0n;
}
