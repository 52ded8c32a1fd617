// The room as a whole: logs of the chain in, stakes and claims out, over real PostgreSQL.
import { buildSubgraphSchema } from '@apollo/subgraph';
import { Interface, encodeBytes32String } from 'ethers';
import { graphql, type GraphQLSchema } from 'graphql';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres } from '@oort/kernel-projection';
import { uuidV5, type Json } from '@oort/kernel-wire';
import { rewardsProjection } from '@oort/projections-rewards';
import { stakesProjection } from '@oort/projections-stakes';
import { contractAbis, type Actor, type PlatformEvent, type SubgraphPorts } from '@oort/schema';
import { createStakingSubgraph } from './index';

const address = (digit: string): string => `0x${digit.repeat(40)}`;
const [operator, delegator, saver, giver] = ['a', 'b', 'c', 'd'].map(address) as [string, string, string, string];
const oort = 10n ** 18n;
const account: Actor = { kind: 'account', accountId: 'account_1', address: saver };
const stop = new AbortController();
let store: EventStore;
let readModels: Awaited<ReturnType<typeof openReadModels>>;
let closing: () => Promise<void>;
let schema: GraphQLSchema;
let time = Date.parse('2026-01-01T00:00:00Z');

beforeAll(async () => {
  const postgres = await testPostgres();
  store = memoryStore();
  readModels = await openReadModels({ url: postgres.url, projections: [stakesProjection, rewardsProjection], store });
  await readModels.start(stop.signal);
  const contracts = Object.fromEntries(Object.keys(contractAbis).map((name, index) => [name, address(String(index + 1))]));
  const ledger = { request: (method: string) => Promise.resolve<Json>(method === 'olympus_contracts' ? contracts : `0x${oort.toString(16).padStart(64, '0')}`) };
  const subgraph = await createStakingSubgraph({ store, readModels, ledger, now: () => new Date(time) } as unknown as SubgraphPorts);
  schema = buildSubgraphSchema({ typeDefs: subgraph.typeDefs, resolvers: subgraph.resolvers as never });
  closing = async () => { stop.abort(); await readModels.close(); await postgres.stop(); };
});
afterAll(() => closing());

async function ask<T>(source: string, actor: Actor = { kind: 'anonymous' }): Promise<T> {
  const { data, errors } = await graphql({ schema, source, contextValue: { actor, requestId: 'r' } });
  expect(errors).toBeUndefined();
  return JSON.parse(JSON.stringify(data)) as T;
}

let events = 0;
async function happened(event: PlatformEvent): Promise<void> {
  events += 1;
  const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: new Date(time).toISOString(), schemaVersion: 1 };
  const { position } = await store.append(`elsewhere-${events}`, 'no-stream', [{ id: uuidV5(String(events)), type: event.type, data: event.data, metadata }]);
  await Promise.all([readModels.waitFor('stakes', position), readModels.waitFor('rewards', position)]);
}
const logged = (contract: string, event: string, args: Readonly<Record<string, Json>>): Promise<void> =>
  happened({ type: 'ChainLogObserved', data: { contract, event, args, txHash: `0x${events}`, logIndex: 0, blockNumber: events } });

it('counts stakes as the contract does, through delegation, slash and exit', async () => {
  await logged('StakingPools', 'PoolCreated', { pool: operator, ownStake: '100', commissionBasisPoints: '1000' });
  await logged('StakingPools', 'Delegated', { pool: operator, delegator, amount: '300' });
  await logged('StakingPools', 'Slashed', { pool: operator, id: '0x', amount: '250' });
  await logged('StakingPools', 'Delegated', { pool: operator, delegator: saver, amount: '100' });
  await logged('StakingPools', 'ExitRequested', { pool: operator, staker: delegator, amount: '50', availableAt: '0' });
  expect(await ask('{ stakingPool(address: "0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA") { ownWei delegatedWei exitingWei slashedWei delegations { delegator amountWei } } }')).toEqual({
    stakingPool: { ownWei: '0', delegatedWei: '200', exitingWei: '50', slashedWei: '250', delegations: [{ delegator, amountWei: '100' }, { delegator: saver, amountWei: '100' }] },
  });
});

it('shows proposals, votes and parameters', async () => {
  await logged('Governance', 'Proposed', { proposalId: '1', proposer: saver, parameter: encodeBytes32String('tokenDiscountBps'), value: '2000', votingEndsAt: '1800000000', reason: 'r' });
  await logged('Governance', 'Voted', { proposalId: '1', voter: delegator, support: true, weight: '100' });
  await logged('Governance', 'Executed', { proposalId: '1' });
  await logged('Governance', 'ParameterChanged', { name: encodeBytes32String('tokenDiscountBps'), value: '2000' });
  expect(await ask('{ proposals { totalCount edges { node { id status inFavourWei votes { voter support weightWei } } } } governedParameters { name value } }')).toEqual({
    proposals: { totalCount: 1, edges: [{ node: { id: '1', status: 'EXECUTED', inFavourWei: '100', votes: [{ voter: delegator, support: true, weightWei: '100' }] } }] },
    governedParameters: [{ name: 'tokenDiscountBps', value: '2000' }, { name: 'rewardPerEpochWei', value: (1_000n * oort).toString() }],
  });
});

it('prepares calls for the user\'s wallet, and says what is wrong with them', async () => {
  const fields = '{ __typename ... on PreparedCall { contract to data valueWei } ... on Refusal { code detail } }';
  const { prepareProposal } = await ask<{ prepareProposal: { data: string; valueWei: string } }>(
    `mutation { prepareProposal(input: {parameter: "tokenDiscountBps", value: "2000", reason: "r"}) ${fields} }`);
  expect(new Interface(contractAbis.Governance).decodeFunctionData('propose', prepareProposal.data).toArray()).toEqual([encodeBytes32String('tokenDiscountBps'), 2000n, 'r']);
  expect(prepareProposal.valueWei).toBe(oort.toString());
  expect(await ask(`mutation { prepareDelegation(input: {pool: "x", amountWei: "1"}) ${fields} }`)).toMatchObject({ prepareDelegation: { code: 'INVALID_INPUT', detail: { field: 'pool' } } });
  expect(await ask(`mutation { prepareDefiStake(input: {amountWei: "-1"}) ${fields} }`)).toMatchObject({ prepareDefiStake: { code: 'INVALID_INPUT' } });
  expect(await ask(`mutation { prepareClaim(input: {address: "${giver}"}) ${fields} }`)).toMatchObject({ prepareClaim: { code: 'NOTHING_TO_CLAIM' } });
});

it('closes an epoch and hands out proofs once its root is on chain', async () => {
  const close = 'mutation { closeRewardEpoch(input: {}) { ... on RewardEpoch { epoch totalWei cumulativeWei vestingWei undistributedWei treasuryWei grants { address role amountWei } } ... on Refusal { code } } }';
  expect(await ask(close)).toEqual({ closeRewardEpoch: { code: 'NOT_SIGNED_IN' } });
  await happened({ type: 'NodeEnrolled', data: { nodeId: 'node_1', kind: 'super', name: 'n', publicKey: '00', operator, region: 'r', network: 'n', runtimeClass: 'c', endpoint: null } });
  await happened({ type: 'JobCompleted', data: { jobId: 'job_1', kind: 'training', submitter: 's', attempt: 1, nodeId: 'node_1', specHash: '', resultHash: '', resultSignature: '', units: 4, costMicroUsd: '0', startedAt: '', endedAt: '' } });
  await happened({ type: 'EarningsAccrued', data: { earningId: 'e', missionId: 'm', accountId: 'a', address: giver, kind: 'label', count: 1, amountWei: '77' } });
  const { closeRewardEpoch } = await ask<{ closeRewardEpoch: { grants: { address: string; role: string; amountWei: string }[]; cumulativeWei: string; vestingWei: string; totalWei: string } }>(close, account);
  expect(closeRewardEpoch).toMatchObject({ epoch: 1, totalWei: (1_000n * oort + 77n).toString(), undistributedWei: '0' });
  expect(closeRewardEpoch.grants.map(({ address: to, role }) => [to, role])).toEqual([[operator, 'NODE'], [delegator, 'DELEGATOR'], [saver, 'DELEGATOR'], [giver, 'CONTRIBUTOR']]);
  expect(BigInt(closeRewardEpoch.cumulativeWei) + BigInt(closeRewardEpoch.vestingWei)).toBe(BigInt(closeRewardEpoch.totalWei));

  const claim = `{ rewardClaim(address: "${giver}") { epoch cumulativeWei claimedWei proof } }`;
  expect(await ask(claim)).toEqual({ rewardClaim: null });
  await logged('Rewards', 'RootPublished', { epoch: '1', root: '0x', cumulativeTotal: '0' });
  expect(await ask(claim)).toMatchObject({ rewardClaim: { epoch: 1, cumulativeWei: '77', claimedWei: '0' } });
  await logged('Rewards', 'Claimed', { account: giver, amount: '77', cumulativeAmount: '77' });
  expect(await ask(claim)).toMatchObject({ rewardClaim: { claimedWei: '77' } });
  time += 1_000;
  expect(await ask(close, account)).toEqual({ closeRewardEpoch: { code: 'EPOCH_TOO_SHORT' } });
  time += 60_000;
  expect(await ask(close, account)).toMatchObject({ closeRewardEpoch: { epoch: 2, totalWei: '0', grants: [] } });
});
