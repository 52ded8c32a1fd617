import { AbiCoder, encodeBytes32String, id, keccak256, concat } from 'ethers';
import { localParameters } from '@oort/schema';
import { TestChain, account, platform, refused } from './test-chain';

const oort = 10n ** 18n;
const [operator, delegator, other, saver] = [account('operator'), account('delegator'), account('other'), account('saver')];
const people = [operator, delegator, other, saver, platform];

let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.open();
  for (const person of people) await chain.give(person, 1_000n * oort);
});

describe('StakingPools', () => {
  it('takes own stake, delegations above the minimum, and a commission of at most 100 %', async () => {
    expect(await refused(chain.send(operator, 'StakingPools', 'createPool', [10_001], 10n * oort))).toBe('BasisPointsTooHigh');
    expect(await refused(chain.send(operator, 'StakingPools', 'createPool', [500], oort))).toBe('BelowMinimum');
    expect(await refused(chain.send(delegator, 'StakingPools', 'delegate', [operator], oort))).toBe('NoPool');
    await chain.send(operator, 'StakingPools', 'createPool', [500], 10n * oort);
    expect(await refused(chain.send(operator, 'StakingPools', 'createPool', [500], 10n * oort))).toBe('PoolExists');
    expect(await refused(chain.send(operator, 'StakingPools', 'delegate', [operator], oort))).toBe('OwnPool');
    expect(await refused(chain.send(delegator, 'StakingPools', 'delegate', [operator], oort - 1n))).toBe('BelowMinimum');
    await chain.send(delegator, 'StakingPools', 'delegate', [operator], 3n * oort);
    expect([...(await chain.view('StakingPools', 'stakeOf', [operator]))]).toEqual([10n * oort, 3n * oort, 0n, 500n, 1n]);
    await chain.send(other, 'StakingPools', 'delegate', [operator], 12n * oort);
    expect((await chain.view('StakingPools', 'stakeOf', [operator]))[4]).toBe(2n);
  });

  it('lets go freely until the pool is full, then after the lock; what leaves waits', async () => {
    await chain.send(operator, 'StakingPools', 'createPool', [500], 10n * oort);
    await chain.send(delegator, 'StakingPools', 'delegate', [operator], 5n * oort);
    await chain.send(delegator, 'StakingPools', 'requestExit', [operator, 2n * oort]);
    expect(await refused(chain.send(delegator, 'StakingPools', 'withdraw', [operator]))).toBe('NotYet');
    await chain.send(other, 'StakingPools', 'delegate', [operator], 12n * oort);
    expect(await refused(chain.send(other, 'StakingPools', 'requestExit', [operator, oort]))).toBe('Locked');
    chain.pass(localParameters.poolLockSeconds);
    expect(await refused(chain.send(other, 'StakingPools', 'requestExit', [operator, 13n * oort]))).toBe('NotEnoughStake');
    expect(await refused(chain.send(operator, 'StakingPools', 'requestExit', [operator, oort]))).toBe('BelowMinimum');
    await chain.send(other, 'StakingPools', 'requestExit', [operator, 12n * oort]);
    chain.pass(localParameters.poolExitSeconds);
    await chain.send(other, 'StakingPools', 'withdraw', [operator]);
    await chain.send(delegator, 'StakingPools', 'withdraw', [operator]);
    expect(await chain.balance(other)).toBe(1_000n * oort);
    expect(await chain.balance(delegator)).toBe(997n * oort);
    expect(await refused(chain.send(other, 'StakingPools', 'withdraw', [operator]))).toBe('NothingToWithdraw');
  });

  it('slashes through the court only', async () => {
    expect(await refused(chain.send(platform, 'StakingPools', 'slash', [id('x'), operator, 100]))).toBe('NotTheCourt');
  });
});

describe('HonestyCourt', () => {
  const caseId = id('case');
  beforeEach(async () => {
    await chain.send(operator, 'StakingPools', 'createPool', [500], 10n * oort);
    await chain.send(delegator, 'StakingPools', 'delegate', [operator], 10n * oort);
  });

  it('settles once, after the appeal period: own stake first, a tenth to the finder, four to refunds, the rest insured', async () => {
    expect(await refused(chain.send(other, 'HonestyCourt', 'proposeSlash', [caseId, operator, 1_000, id('e')]))).toBe('AccessControlUnauthorizedAccount');
    await chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, operator, 1_000, id('e')]);
    expect(await refused(chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, operator, 1_000, id('e')]))).toBe('IdUsed');
    expect(await refused(chain.send(other, 'HonestyCourt', 'settle', [caseId]))).toBe('AppealRuns');
    chain.pass(localParameters.appealSeconds);
    const logs = await chain.send(other, 'HonestyCourt', 'settle', [caseId]);
    expect(logs.map(({ event }) => event)).toEqual(['HoldEnded', 'Slashed', 'Settled', 'SlashDivided', 'Received']);
    expect([...(await chain.view('StakingPools', 'stakeOf', [operator]))].slice(0, 2)).toEqual([8n * oort, 10n * oort]);
    expect(await chain.balance(platform)).toBe(1_001n * oort);
    expect((await chain.view('InsurancePool', 'balance'))[0]).toBe(oort);
    expect(await refused(chain.send(other, 'HonestyCourt', 'settle', [caseId]))).toBe('WrongStage');
  });

  it('needs a jury for more than a tenth, and after an appeal; the loser pays the bond', async () => {
    await chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, operator, 5_000, id('e')]);
    expect(await refused(chain.send(other, 'HonestyCourt', 'appeal', [caseId], oort))).toBe('NotThePool');
    await chain.send(operator, 'HonestyCourt', 'appeal', [caseId], oort);
    chain.pass(localParameters.appealSeconds);
    expect(await refused(chain.send(other, 'HonestyCourt', 'settle', [caseId]))).toBe('WrongStage');
    const juries = chain.at.get('JuryCourt') ?? '';
    expect(await refused(chain.send(platform, 'HonestyCourt', 'recordJury', [caseId, 7, 0, id('votes')]))).toBe('NotTheJuries');
    await chain.send(juries, 'HonestyCourt', 'recordJury', [caseId, 3, 4, id('votes')]);
    expect(await refused(chain.send(other, 'HonestyCourt', 'settle', [caseId]))).toBe('WrongStage');
    expect(await chain.balance(operator)).toBe(990n * oort);

    const [second, third] = [id('second'), id('third')];
    for (const each of [second, third]) await chain.send(platform, 'HonestyCourt', 'proposeSlash', [each, operator, 7_500, id('e')]);
    chain.pass(localParameters.appealSeconds);
    expect(await refused(chain.send(other, 'HonestyCourt', 'settle', [second]))).toBe('JuryNeeded');
    await chain.send(juries, 'HonestyCourt', 'recordJury', [second, 5, 2, id('votes')]);
    await chain.send(other, 'HonestyCourt', 'settle', [second]);
    expect([...(await chain.view('StakingPools', 'stakeOf', [operator]))].slice(0, 2)).toEqual([0n, 5n * oort]);
    expect((await chain.view('StakingPools', 'delegationOf', [operator, delegator]))[0]).toBe(5n * oort);
    // A majority that is less than two thirds slashes as much as needs no jury: a tenth of the 20 that stood when the pool was accused.
    await chain.send(juries, 'HonestyCourt', 'recordJury', [third, 4, 3, id('votes')]);
    await chain.send(other, 'HonestyCourt', 'settle', [third]);
    expect([...(await chain.view('StakingPools', 'stakeOf', [operator]))].slice(0, 2)).toEqual([0n, 3n * oort]);
  });

  it('keeps one root and one opening a batch', async () => {
    expect(await refused(chain.send(platform, 'HonestyCourt', 'openBatch', [id('b'), id('o')]))).toBe('BatchUnknown');
    await chain.send(platform, 'HonestyCourt', 'commitBatch', [id('b'), id('r'), 3]);
    expect(await refused(chain.send(platform, 'HonestyCourt', 'commitBatch', [id('b'), id('q'), 3]))).toBe('IdUsed');
    await chain.send(platform, 'HonestyCourt', 'openBatch', [id('b'), id('o')]);
    expect(await refused(chain.send(platform, 'HonestyCourt', 'openBatch', [id('b'), id('p')]))).toBe('BatchOpenedAlready');
  });
});

describe('Governance', () => {
  const discount = encodeBytes32String('tokenDiscountBps');
  beforeEach(async () => {
    await chain.send(operator, 'StakingPools', 'createPool', [500], 100n * oort);
    await chain.send(delegator, 'StakingPools', 'delegate', [operator], 50n * oort);
    await chain.send(saver, 'DefiPool', 'stake', [], 100n * oort);
  });

  it('changes a parameter by a vote of stake at the snapshot, after the timelock, and returns the deposit', async () => {
    expect((await chain.view('Governance', 'parameter', [discount]))[0]).toBe(1_000n);
    await chain.send(other, 'Governance', 'propose', [discount, 2_000, 'cheaper'], oort);
    await chain.send(other, 'DefiPool', 'stake', [], 500n * oort);
    expect(await refused(chain.send(other, 'Governance', 'vote', [1, false]))).toBe('NoWeight');
    const [voted] = await chain.send(delegator, 'Governance', 'vote', [1, true]);
    expect(voted?.args['weight']).toBe(50n * oort);
    await chain.send(saver, 'Governance', 'vote', [1, true]);
    await chain.send(operator, 'Governance', 'vote', [1, false]);
    expect(await refused(chain.send(saver, 'Governance', 'vote', [1, true]))).toBe('VotedAlready');
    expect(await refused(chain.send(saver, 'Governance', 'execute', [1]))).toBe('NotYet');
    chain.pass(localParameters.votingSeconds);
    expect(await refused(chain.send(saver, 'Governance', 'vote', [1, true]))).toBe('VotingOver');
    chain.pass(localParameters.timelockSeconds);
    await chain.send(saver, 'Governance', 'execute', [1]);
    expect((await chain.view('Governance', 'parameter', [discount]))[0]).toBe(2_000n);
    expect(await chain.balance(other)).toBe(500n * oort);
    expect(await refused(chain.send(saver, 'Governance', 'execute', [1]))).toBe('Closed');
  });

  it('refuses what fails its quorum, and the deposit goes to the reward pool', async () => {
    expect(await refused(chain.send(other, 'Governance', 'propose', [encodeBytes32String('x'), 1, ''], oort))).toBe('UnknownParameter');
    expect(await refused(chain.send(other, 'Governance', 'propose', [discount, 5_001, ''], oort))).toBe('AboveMaximum');
    expect(await refused(chain.send(other, 'Governance', 'propose', [discount, 1, ''], 1n))).toBe('WrongDeposit');
    await chain.send(other, 'Governance', 'propose', [discount, 3_000, ''], oort);
    chain.pass(localParameters.votingSeconds + localParameters.timelockSeconds);
    expect(await refused(chain.send(saver, 'Governance', 'execute', [1]))).toBe('NotPassed');
    await chain.send(saver, 'Governance', 'reject', [1]);
    expect(await chain.balance(chain.at.get('Rewards') ?? '')).toBe(oort);
  });
});

describe('Rewards', () => {
  const leafOf = (who: string, amount: bigint): string =>
    keccak256(concat([keccak256(AbiCoder.defaultAbiCoder().encode(['address', 'uint256'], [who, amount]))]));

  it('pays by proof what it holds, cumulatively and once', async () => {
    const [one, two] = [leafOf(operator, 3n * oort), leafOf(delegator, oort)];
    const root = keccak256(concat([one, two].sort()));
    expect(await refused(chain.send(platform, 'Rewards', 'publish', [1, root, 4n * oort], 3n * oort))).toBe('NotFunded');
    expect(await refused(chain.send(platform, 'Rewards', 'publish', [2, root, 4n * oort], 4n * oort))).toBe('NotTheNextEpoch');
    expect(await refused(chain.send(other, 'Rewards', 'publish', [1, root, 4n * oort], 4n * oort))).toBe('AccessControlUnauthorizedAccount');
    await chain.send(platform, 'Rewards', 'publish', [1, root, 4n * oort], 4n * oort);
    expect(await refused(chain.send(other, 'Rewards', 'claim', [operator, 4n * oort, [two]]))).toBe('WrongProof');
    await chain.send(other, 'Rewards', 'claim', [operator, 3n * oort, [two]]);
    expect(await chain.balance(operator)).toBe(1_003n * oort);
    expect(await refused(chain.send(other, 'Rewards', 'claim', [operator, 3n * oort, [two]]))).toBe('NothingToClaim');
  });
});

describe('Payments and Escrow', () => {
  it('takes an invoice once from a payer, whatever strangers pay', async () => {
    await chain.send(other, 'Payments', 'pay', [id('invoice')], 1n);
    await chain.send(saver, 'Payments', 'pay', [id('invoice')], oort);
    expect(await refused(chain.send(saver, 'Payments', 'pay', [id('invoice')], oort))).toBe('PaidAlready');
    expect(await chain.balance(platform)).toBe(1_001n * oort + 1n);
  });

  it('releases a call once, and returns what is left to the funders by share', async () => {
    await chain.send(saver, 'Escrow', 'fund', [id('mission')], 30n * oort);
    await chain.send(other, 'Escrow', 'fund', [id('mission')], 10n * oort);
    await chain.send(platform, 'Escrow', 'release', [id('call'), id('mission'), delegator, 20n * oort]);
    expect(await refused(chain.send(platform, 'Escrow', 'release', [id('call'), id('mission'), delegator, 20n * oort]))).toBe('IdUsed');
    expect(await refused(chain.send(platform, 'Escrow', 'release', [id('call 2'), id('mission'), delegator, 21n * oort]))).toBe('NotEnough');
    await chain.send(platform, 'Escrow', 'refund', [id('call 3'), id('mission')]);
    await chain.send(other, 'Escrow', 'withdrawRefund', [id('mission')]);
    expect([await chain.balance(saver), await chain.balance(other)]).toEqual([985n * oort, 995n * oort]);
    expect(await refused(chain.send(saver, 'Escrow', 'fund', [id('mission')], oort))).toBe('EscrowClosed');
  });
});

describe('Anchors', () => {
  it('only grows, records an id once, and finds the runs of a dataset', async () => {
    await chain.send(platform, 'Anchors', 'anchor', [7, id('root')]);
    expect(await refused(chain.send(platform, 'Anchors', 'anchor', [7, id('other root')]))).toBe('NotGrown');
    expect([...(await chain.view('Anchors', 'latest'))]).toEqual([7n, id('root')]);
    await chain.send(platform, 'Anchors', 'recordContent', [id('v'), id('root'), 1, saver, 7]);
    expect(await refused(chain.send(platform, 'Anchors', 'recordContent', [id('v'), id('x'), 1, saver, 7]))).toBe('IdUsed');
    await chain.send(platform, 'Anchors', 'recordTrainingRun', [id('run'), [id('d1'), id('d2')], 1, 2, id('m'), id('h')]);
    expect([...(await chain.view('Anchors', 'trainingRunsOf', [id('d2')]))[0] as string[]]).toEqual([id('run')]);
  });
});
