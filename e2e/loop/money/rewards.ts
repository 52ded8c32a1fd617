// A reward epoch: closed, its root on chain, claimed by proof, and every wei accounted for.
import { Contract, type Wallet } from 'ethers';
import { contractAbis } from '@oort/schema';
import type { LoopContext } from '../step';
import { sendPrepared } from './calls';

interface Grant { readonly address: string; readonly role: 'NODE' | 'DELEGATOR' | 'CONTRIBUTOR'; readonly source: string; readonly amountWei: string; readonly atOnceWei: string }
interface Epoch {
  readonly __typename: string; readonly epoch: number; readonly root: string; readonly totalWei: string; readonly cumulativeWei: string; readonly undistributedWei: string;
  readonly vestingWei: string; readonly publishedTxHash: string | null; readonly grants: readonly Grant[]; readonly code?: string; readonly message?: string;
}
interface Pool { readonly ownWei: string; readonly delegatedWei: string; readonly commissionBasisPoints: number; readonly delegations: readonly { readonly delegator: string; readonly amountWei: string }[] }

const fields = 'epoch root totalWei cumulativeWei undistributedWei vestingWei publishedTxHash grants { address role source amountWei atOnceWei }';
const closeMutation = `mutation { closeRewardEpoch(input: {}) { __typename ... on RewardEpoch { ${fields} } ... on Refusal { code message } } }`;
const epochQuery = `query Epoch($epoch: Int!) { rewardEpoch(epoch: $epoch) { __typename ${fields} } }`;
const poolQuery = 'query Pool($address: ID!) { stakingPool(address: $address) { ownWei delegatedWei commissionBasisPoints delegations { delegator amountWei } } }';
const claimQuery = 'query Claim($address: String!) { rewardClaim(address: $address) { cumulativeWei claimedWei } }';

const sum = (grants: readonly Grant[], of: 'amountWei' | 'atOnceWei' = 'amountWei'): bigint => grants.reduce((all, grant) => all + BigInt(grant[of]), 0n);
const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Closes an epoch and waits for its root on chain. */
export async function closeEpoch(context: LoopContext): Promise<Epoch | null> {
  const { closeRewardEpoch: closed } = await context.graphql<{ readonly closeRewardEpoch: Epoch }>(closeMutation, {}, context.customer);
  context.check('a reward epoch is closed', closed.__typename === 'RewardEpoch', closed.code === undefined ? undefined : `${closed.code} ${closed.message ?? ''}`);
  if (closed.__typename !== 'RewardEpoch') return null;
  const published = await context.eventually('the root on chain', async () => {
    const { rewardEpoch } = await context.graphql<{ readonly rewardEpoch: Epoch | null }>(epochQuery, { epoch: closed.epoch });
    return rewardEpoch?.publishedTxHash == null ? null : rewardEpoch;
  });
  const rewards = await rewardsContract(context);
  context.check('the contract holds the root', await rewards.getFunction('root').staticCall() === `0x${closed.root}`);
  context.made('reward epoch', `${closed.epoch}: ${closed.totalWei} wei to ${closed.grants.length} grants, root ${closed.root} in ${published.publishedTxHash}`);
  return published;
}

export async function checkSums(context: LoopContext, epoch: Epoch, emissionWei: bigint): Promise<void> {
  const emitted = sum(epoch.grants.filter(({ role }) => role !== 'CONTRIBUTOR'));
  context.check('the emission is granted to the wei', emitted + BigInt(epoch.undistributedWei) === emissionWei && sum(epoch.grants) === BigInt(epoch.totalWei), `${emitted} of ${emissionWei}`);
  if (epoch.epoch === 1) {
    context.check('what can be claimed and what vests add up', BigInt(epoch.cumulativeWei) + BigInt(epoch.vestingWei) === BigInt(epoch.totalWei)
      && sum(epoch.grants, 'atOnceWei') === BigInt(epoch.cumulativeWei));
  }
  const rewards = await rewardsContract(context);
  const [total, claimed] = await Promise.all(['cumulativeTotal', 'claimedTotal'].map((name) => rewards.getFunction(name).staticCall() as Promise<bigint>));
  const held = await context.chain.getBalance(await rewards.getAddress());
  context.check('the contract holds what is still to be claimed', total === BigInt(epoch.cumulativeWei) && held === (total ?? 0n) - (claimed ?? 0n), `${held} wei`);
}

/** The delegators' part of the node's reward is what the stake says, less the pool's commission. */
export async function checkCommission(context: LoopContext, epoch: Epoch, operator: string): Promise<void> {
  const { stakingPool: pool } = await context.graphql<{ readonly stakingPool: Pool }>(poolQuery, { address: operator });
  const own = sum(epoch.grants.filter(({ role, address }) => role === 'NODE' && same(address, operator)));
  const delegated = sum(epoch.grants.filter(({ role, source }) => role === 'DELEGATOR' && same(source, operator)));
  const stake = pool.delegations.reduce((all, { amountWei }) => all + BigInt(amountWei), 0n);
  const gross = (own + delegated) * stake / (BigInt(pool.ownWei) + stake);
  context.check('the commission is deducted', delegated > 0n && delegated === gross - gross * BigInt(pool.commissionBasisPoints) / 10_000n,
    `${pool.commissionBasisPoints / 100} % of ${gross} wei`);
}

/** Claims with the account's own wallet, and compares the balance with the grant, the fee paid. */
export async function claim(context: LoopContext, who: string, wallet: Wallet): Promise<void> {
  const { rewardClaim } = await context.graphql<{ readonly rewardClaim: { readonly cumulativeWei: string; readonly claimedWei: string } | null }>(claimQuery, { address: wallet.address });
  const due = BigInt(rewardClaim?.cumulativeWei ?? 0) - BigInt(rewardClaim?.claimedWei ?? 0);
  const before = await context.chain.getBalance(wallet.address);
  const receipt = await sendPrepared(context, wallet, 'prepareClaim', { address: wallet.address });
  const got = await context.chain.getBalance(wallet.address) - before + receipt.fee;
  context.check(`${who} claims by proof`, due > 0n && got === due, `${got} wei`);
}

async function rewardsContract(context: LoopContext): Promise<Contract> {
  const { Rewards: address = '' } = await context.chain.send('olympus_contracts', []) as Readonly<Record<string, string>>;
  return new Contract(address, contractAbis.Rewards, context.chain);
}

export type { Epoch };
