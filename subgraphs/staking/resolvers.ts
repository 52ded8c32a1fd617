import { getAddress } from 'ethers';
import { command, type Outcome } from '@oort/kernel-decider';
import { claimedWei, publishedEpoch, rewardEpoch, rewardEpochs } from '@oort/projections-rewards';
import { defiStakeOf, delegations, governedParameters, poolOf, pools, proposal, proposals, votesOn } from '@oort/projections-stakes';
import { governedParameters as initialParameters, type PlatformParameters, type RequestContext, type SubgraphPorts } from '@oort/schema';
import type { EpochsCommand } from './commands';
import { epochsId } from './decide';
import { distributionProof } from './distribution';
import { epochBasis } from './epoch-basis';
import { address, amount, basisPoints, integer, onChain, parameterName, unless, type Prepared, type Preparer } from './prepare';
import { connection, presentEpoch, presentPool, presentProposal, presentRefusal } from './present';
import type { EpochsRefusal } from './refusals';
import type { EpochsState } from './state';

export interface StakingRoom {
  readonly ports: SubgraphPorts;
  readonly parameters: PlatformParameters;
  readonly preparer: Preparer;
  readonly handle: (id: string, command: EpochsCommand) => Promise<Outcome<EpochsState, EpochsRefusal>>;
}

interface Page { readonly first: number; readonly after?: string | null }
type Asked<Fields extends string> = { readonly input: Readonly<Record<Fields, string>> };

export function stakingResolvers(room: StakingRoom): Readonly<Record<string, unknown>> {
  const { database } = room.ports.readModels;
  const pool = async ({ address: of }: { readonly address: string }): Promise<object | null> => presented(await poolOf(database, of), presentPool);
  const epoch = async ({ epoch: number }: { readonly epoch: number }): Promise<object | null> => presented(await rewardEpoch(database, number), presentEpoch);
  const oneProposal = async ({ id }: { readonly id: string }): Promise<object | null> => presented(await proposal(database, id), presentProposal);
  return {
    Query: {
      stakingPool: (_: unknown, asked: { readonly address: string }) => pool(asked),
      stakingPools: async (_: unknown, page: Page) => connection(await pools(database), (row) => row.address, presentPool, page),
      delegationsOf: async (_: unknown, { delegator }: { readonly delegator: string }) => (await delegations(database, { delegator })).map(presentDelegation),
      defiStake: (_: unknown, { address: of }: { readonly address: string }) => defiStakeOf(database, of),
      proposal: (_: unknown, asked: { readonly id: string }) => oneProposal(asked),
      proposals: async (_: unknown, page: Page) => connection(await proposals(database), (row) => row.id, presentProposal, page),
      governedParameters: () => parametersOf(room),
      rewardEpoch: (_: unknown, asked: { readonly epoch: number }) => epoch(asked),
      rewardEpochs: async (_: unknown, page: Page) => connection(await rewardEpochs(database), (row) => String(row.epoch), presentEpoch, page),
      rewardClaim: (_: unknown, { address: of }: { readonly address: string }) => claimOf(room, of),
    },
    StakingPool: {
      __resolveReference: pool,
      delegations: async ({ address: of }: { readonly address: string }) => (await delegations(database, { pool: of })).map(presentDelegation),
    },
    DefiStake: { __resolveReference: ({ address: of }: { readonly address: string }) => defiStakeOf(database, of) },
    Proposal: {
      __resolveReference: oneProposal,
      votes: async ({ id }: { readonly id: string }) => (await votesOn(database, id)).map(({ voter, support, weight }) => ({ voter, support, weightWei: weight })),
    },
    GovernedParameter: { __resolveReference: async ({ name }: { readonly name: string }) => (await parametersOf(room)).find((row) => row.name === name) ?? null },
    RewardEpoch: { __resolveReference: epoch },
    Mutation: { ...preparing(room), closeRewardEpoch: (_: unknown, __: unknown, context: RequestContext) => closeEpoch(room, context) },
  };
}

function preparing(room: StakingRoom): Readonly<Record<string, unknown>> {
  const { preparer } = room;
  const present = async (prepared: Promise<Prepared>): Promise<object> => {
    const made = await prepared;
    return 'code' in made ? presentRefusal(made) : { __typename: 'PreparedCall', ...made };
  };
  return {
    prepareCreatePool: (_: unknown, { input }: { readonly input: { readonly commissionBasisPoints: number; readonly amountWei: string } }) =>
      present(unless([basisPoints('commissionBasisPoints', input.commissionBasisPoints), amount('amountWei', input.amountWei)],
        () => preparer.call('StakingPools', 'createPool', [input.commissionBasisPoints], input.amountWei))),
    prepareStake: (_: unknown, { input }: Asked<'amountWei'>) =>
      present(unless([amount('amountWei', input.amountWei)], () => preparer.call('StakingPools', 'addStake', [], input.amountWei))),
    prepareDelegation: (_: unknown, { input }: Asked<'pool' | 'amountWei'>) =>
      present(unless([address('pool', input.pool), amount('amountWei', input.amountWei)], () => preparer.call('StakingPools', 'delegate', [getAddress(input.pool)], input.amountWei))),
    prepareExit: (_: unknown, { input }: Asked<'pool' | 'amountWei'>) =>
      present(unless([address('pool', input.pool), amount('amountWei', input.amountWei)], () => preparer.call('StakingPools', 'requestExit', [getAddress(input.pool), input.amountWei]))),
    prepareWithdrawal: (_: unknown, { input }: Asked<'pool'>) =>
      present(unless([address('pool', input.pool)], () => preparer.call('StakingPools', 'withdraw', [getAddress(input.pool)]))),
    prepareDefiStake: (_: unknown, { input }: Asked<'amountWei'>) =>
      present(unless([amount('amountWei', input.amountWei)], () => preparer.call('DefiPool', 'stake', [], input.amountWei))),
    prepareDefiUnstake: (_: unknown, { input }: Asked<'shares'>) =>
      present(unless([amount('shares', input.shares)], () => preparer.call('DefiPool', 'unstake', [input.shares]))),
    prepareProposal: (_: unknown, { input }: Asked<'parameter' | 'value' | 'reason'>) =>
      present(unless([parameterName('parameter', input.parameter), integer('value', input.value)], async () =>
        preparer.call('Governance', 'propose', [onChain.name(input.parameter), input.value, input.reason], (await preparer.view('Governance', 'proposalDeposit')).toString()))),
    prepareVote: (_: unknown, { input }: { readonly input: { readonly proposalId: string; readonly support: boolean } }) =>
      present(unless([integer('proposalId', input.proposalId)], () => preparer.call('Governance', 'vote', [input.proposalId, input.support]))),
    prepareExecution: (_: unknown, { input }: Asked<'proposalId'>) =>
      present(unless([integer('proposalId', input.proposalId)], () => preparer.call('Governance', 'execute', [input.proposalId]))),
    prepareAppeal: (_: unknown, { input }: Asked<'caseId'>) =>
      present(preparer.call('HonestyCourt', 'appeal', [onChain.id(input.caseId)], room.parameters.appealBondWei.toString())),
    prepareClaim: async (_: unknown, { input }: Asked<'address'>) => {
      const claim = await claimOf(room, input.address);
      if (claim === null || BigInt(claim.cumulativeWei) <= BigInt(claim.claimedWei)) {
        return presentRefusal({ code: 'NOTHING_TO_CLAIM', message: 'No root on chain grants this address more than it has claimed.', payload: { address: input.address } });
      }
      return present(preparer.call('Rewards', 'claim', [getAddress(input.address), claim.cumulativeWei, claim.proof]));
    },
  };
}

/** Those that no vote has changed stand at what genesis gave them. */
async function parametersOf({ ports, parameters }: StakingRoom): Promise<readonly { readonly name: string; readonly value: string }[]> {
  const changed = new Map((await governedParameters(ports.readModels.database)).map(({ name, value }) => [name, value]));
  return initialParameters(parameters).map(({ name, value }) => ({ name, value: changed.get(name) ?? value.toString() }));
}

interface Claim { readonly address: string; readonly epoch: number; readonly cumulativeWei: string; readonly claimedWei: string; readonly proof: readonly string[] }

async function claimOf({ ports }: StakingRoom, of: string): Promise<Claim | null> {
  const { database } = ports.readModels;
  const published = address('address', of) === null ? await publishedEpoch(database) : null;
  const leaf = published?.leaves.find((each) => each.address === of.toLowerCase());
  const proof = published === null || leaf === undefined ? null : distributionProof(published.leaves, of);
  if (published === null || leaf === undefined || proof === null) return null;
  return { address: leaf.address, epoch: published.epoch, cumulativeWei: leaf.cumulativeWei, claimedWei: (await claimedWei(database, of)).toString(), proof };
}

async function closeEpoch({ ports, parameters, handle }: StakingRoom, { actor }: RequestContext): Promise<object> {
  if (actor.kind !== 'account' && actor.kind !== 'platform') return presentRefusal({ code: 'NOT_SIGNED_IN', message: 'Sign in to close an epoch.', payload: null });
  const data = await epochBasis(ports, parameters);
  const outcome = await handle(epochsId, command('CloseEpoch', data, { actor: actor.kind === 'account' ? actor.accountId : 'platform', now: ports.now() }));
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await ports.readModels.waitFor('rewards', outcome.position);
  const closed = await rewardEpoch(ports.readModels.database, outcome.state.epoch);
  return closed === null ? presentRefusal({ code: 'EPOCH_CLOSED_MEANWHILE', message: 'Ask again.', payload: null }) : presentEpoch(closed);
}

function presentDelegation({ pool, delegator, amountWei }: { readonly pool: string; readonly delegator: string; readonly amountWei: bigint }): object {
  return { pool, delegator, amountWei: amountWei.toString() };
}

function presented<T>(row: T | null, present: (row: T) => object): object | null {
  return row === null ? null : present(row);
}
