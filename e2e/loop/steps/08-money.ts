// Stakes, bills, votes and rewards: what the work was worth, to the wei.
import { parseEther } from 'ethers';
import { sendPrepared } from '../money/calls';
import { executeWhenDue, parameter, parameterValue, proposeAndVote } from '../money/governance';
import { checkNextInvoice, payWithDiscount } from '../money/invoices';
import { checkCommission, checkSums, claim, closeEpoch, type Epoch } from '../money/rewards';
import { ensurePools } from '../pools';
import type { AgentProcess, LoopContext, Session, Step } from '../step';

const delegatedOort = '100';
const savedOort = '50';
const discounts = { first: 2_000, second: 1_500 };

export const step: Step = { number: 8, title: 'Money: stakes, bills, votes and rewards', run };

async function run(context: LoopContext): Promise<void> {
  await ensurePools(context);
  const host = await hardestWorker(context);
  if (host === null) return context.check('a node worked for others', false);
  const [delegator, saver] = await Promise.all([context.person('a delegator'), context.person('a saver')]);
  await stake(context, host, delegator, saver);

  const before = await parameterValue(context);
  const after = before === discounts.first ? discounts.second : discounts.first;
  const proposalId = await proposeAndVote(context, after, [
    { wallet: delegator.wallet, support: true }, { wallet: saver.wallet, support: true }, { wallet: host.operator, support: false },
  ]);
  await payWithDiscount(context, before);
  await reward(context, host, delegator);

  const { inFavour, against } = await executeWhenDue(context, proposalId, saver.wallet);
  context.check('votes weigh what their voters stake', inFavour === parseEther(delegatedOort) + parseEther(savedOort) && against > 0n && against < inFavour, `${inFavour} to ${against}`);
  await context.eventually(`the new ${parameter}`, async () => await parameterValue(context) === after);
  await checkNextInvoice(context, after);
  Object.assign(context.artifacts, { delegator });
}

/** The super node with most completed jobs, but not one that was slashed. */
async function hardestWorker(context: LoopContext): Promise<AgentProcess | null> {
  const candidates = [...context.agents.values()].filter(({ kind, nodeId }) => kind === 'super' && nodeId !== context.artifacts.slashedNodeId);
  const counted = await Promise.all(candidates.map(async (agent) => {
    const { jobs } = await context.graphql<{ readonly jobs: { readonly totalCount: number } }>(
      'query Done($nodeId: ID!) { jobs(first: 1, filter: { status: completed, nodeId: $nodeId }) { totalCount } }', { nodeId: agent.nodeId });
    return { agent, done: jobs.totalCount };
  }));
  const [most] = counted.sort((one, other) => other.done - one.done);
  return most === undefined || most.done === 0 ? null : most.agent;
}

async function stake(context: LoopContext, host: AgentProcess, delegator: Session, saver: Session): Promise<void> {
  const delegated = await sendPrepared(context, delegator.wallet, 'prepareDelegation', { pool: host.operator.address, amountWei: parseEther(delegatedOort).toString() });
  context.made('delegation', `${delegatedOort} OORT to ${host.name}'s pool in ${delegated.hash}`);
  const saved = await sendPrepared(context, saver.wallet, 'prepareDefiStake', { amountWei: parseEther(savedOort).toString() }, 'PrepareStakeInput');
  context.made('DeFi stake', `${savedOort} OORT in ${saved.hash}`);
  const seen = await context.eventually('the stakes in the graph', async () => {
    const { delegationsOf, defiStake } = await context.graphql<{ readonly delegationsOf: readonly { readonly amountWei: string }[]; readonly defiStake: { readonly shares: string } | null }>(
      'query Stakes($delegator: String!, $saver: ID!) { delegationsOf(delegator: $delegator) { amountWei } defiStake(address: $saver) { shares } }',
      { delegator: delegator.wallet.address, saver: saver.wallet.address });
    return delegationsOf.length > 0 && defiStake !== null ? { delegationsOf, defiStake } : null;
  });
  context.check('the graph shows both stakes', seen.delegationsOf[0]?.amountWei === parseEther(delegatedOort).toString() && BigInt(seen.defiStake.shares) > 0n);
}

async function reward(context: LoopContext, host: AgentProcess, delegator: Session): Promise<void> {
  const { governedParameters } = await context.graphql<{ readonly governedParameters: readonly { readonly name: string; readonly value: string }[] }>('{ governedParameters { name value } }');
  const emission = BigInt(governedParameters.find(({ name }) => name === 'rewardPerEpochWei')?.value ?? 0);
  const epoch = await closeEpoch(context);
  if (epoch === null) return;
  await checkSums(context, epoch, emission);
  await checkCommission(context, epoch, host.operator.address);
  const contributor = contributorOf(context, epoch);
  context.check('a contributor has something to claim', contributor !== null);
  await checkEarnings(context, epoch);
  if (contributor !== null) await claim(context, 'a contributor', contributor.wallet);
  await claim(context, 'a node operator', host.operator);
  await claim(context, 'a delegator', delegator.wallet);
  await checkSums(context, epoch, emission);
}

/** What the data hub says they earned, and not a wei else. */
async function checkEarnings(context: LoopContext, epoch: Epoch): Promise<void> {
  const { missionId } = context.artifacts;
  const { earnings } = await context.graphql<{ readonly earnings: readonly { readonly address: string; readonly amountWei: string }[] }>(
    'query Earnings($id: ID!) { earnings(missionId: $id) { address amountWei } }', { id: missionId });
  const owed = new Map<string, bigint>();
  for (const { address, amountWei } of earnings) owed.set(address.toLowerCase(), (owed.get(address.toLowerCase()) ?? 0n) + BigInt(amountWei));
  const grants = epoch.grants.filter(({ role, source }) => role === 'CONTRIBUTOR' && source === missionId);
  context.check('contributors are granted what they earned', grants.length === owed.size && grants.every(({ address, amountWei }) => owed.get(address) === BigInt(amountWei)), `${grants.length} of ${owed.size}`);
}

function contributorOf({ artifacts }: LoopContext, epoch: Epoch): Session | null {
  const granted = new Set(epoch.grants.filter(({ role }) => role === 'CONTRIBUTOR').map(({ address }) => address));
  return artifacts.contributors?.find(({ wallet }) => granted.has(wallet.address.toLowerCase())) ?? null;
}
