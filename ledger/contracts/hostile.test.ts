// Receivers that refuse, burn what gas they get, or call back before the payment ends.
import { encodeBytes32String, id } from 'ethers';
import { localParameters, type ContractName } from '@oort/schema';
import { hostileCode, type Hostility } from './hostile';
import { proofOf, rootOf } from './reward-leaves';
import { TestChain, account, platform } from './test-chain';

const oort = 10n ** 18n;
const [mallory, bob] = [account('mallory'), account('bob')];
let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.open();
  for (const each of [mallory, bob, platform]) await chain.give(each, 100n * oort);
});

async function arm(hostility: Hostility, contract: ContractName, method: string, args: readonly unknown[] = []): Promise<void> {
  await chain.putCode(mallory, hostileCode(hostility, chain.at.get(contract) ?? '', chain.interfaceOf(contract).encodeFunctionData(method, args)));
}

const holds = (contract: ContractName): Promise<bigint> => chain.balance(chain.at.get(contract) ?? '');

it('a withdrawal that calls itself again is paid once', async () => {
  await chain.send(bob, 'StakingPools', 'createPool', [0], 10n * oort);
  await chain.send(mallory, 'StakingPools', 'delegate', [bob], 5n * oort);
  await chain.send(mallory, 'StakingPools', 'requestExit', [bob, 5n * oort]);
  chain.pass(localParameters.poolExitSeconds);
  await arm('reenter', 'StakingPools', 'withdraw', [bob]);
  await chain.send(mallory, 'StakingPools', 'withdraw', [bob]);
  expect([await chain.balance(mallory), await holds('StakingPools')]).toEqual([100n * oort, 10n * oort]);
});

it('a claim that claims again is paid once', async () => {
  const leaves = [mallory, bob, platform, account('other')].map((each) => ({ account: each, amount: oort }));
  await chain.send(platform, 'Rewards', 'publish', [1, rootOf(leaves), 4n * oort], 4n * oort);
  const claim = [mallory, oort, proofOf(leaves, 0)];
  await arm('reenter', 'Rewards', 'claim', claim);
  await chain.send(bob, 'Rewards', 'claim', claim);
  expect([await chain.balance(mallory), await holds('Rewards')]).toEqual([101n * oort, 3n * oort]);
});

it('an unstaking that unstakes again is paid for shares that it has', async () => {
  await chain.send(bob, 'DefiPool', 'stake', [], 10n * oort);
  await chain.send(mallory, 'DefiPool', 'stake', [], 4n * oort);
  const [shares] = await chain.view('DefiPool', 'sharesOf', [mallory]);
  await arm('reenter', 'DefiPool', 'unstake', [(shares as bigint) / 2n]);
  await chain.send(mallory, 'DefiPool', 'unstake', [(shares as bigint) / 2n]);
  expect([await chain.balance(mallory), await holds('DefiPool')]).toEqual([100n * oort, 10n * oort]);
});

it.each<[Hostility, bigint]>([['refuse', 0n], ['burn', 0n], ['reenter', 30n], ['accept', 30n]])('a first funder that would %s keeps nobody from what is theirs', async (hostility, left) => {
  const mission = id('mission');
  await chain.send(mallory, 'Escrow', 'fund', [mission], 30n * oort);
  await chain.send(bob, 'Escrow', 'fund', [mission], 10n * oort);
  await arm(hostility, 'Escrow', 'withdrawRefund', [mission]);
  const before = chain.gasUsed;
  await chain.send(platform, 'Escrow', 'refund', [id('call'), mission]);
  expect(chain.gasUsed - before).toBeLessThan(300_000n);
  await chain.send(bob, 'Escrow', 'withdrawRefund', [mission]);
  expect([await chain.balance(bob), await chain.balance(mallory), await holds('Escrow')]).toEqual([100n * oort, (70n + left) * oort, (30n - left) * oort]);
});

describe('a proposal that passed', () => {
  beforeEach(async () => {
    await chain.send(bob, 'StakingPools', 'createPool', [0], 10n * oort);
    await chain.send(mallory, 'Governance', 'propose', [encodeBytes32String('tokenDiscountBps'), 7, 'why'], oort);
    await chain.send(bob, 'Governance', 'vote', [1, true]);
    chain.pass(localParameters.votingSeconds + localParameters.timelockSeconds);
  });

  it.each<[Hostility, bigint]>([['refuse', 99n], ['burn', 99n], ['reenter', 100n]])('is executed though its proposer would %s', async (hostility, kept) => {
    await arm(hostility, 'Governance', 'execute', [1]);
    const before = chain.gasUsed;
    await chain.send(bob, 'Governance', 'execute', [1]);
    expect(chain.gasUsed - before).toBeLessThan(300_000n);
    expect([await chain.balance(mallory), await holds('Governance'), await holds('Rewards')]).toEqual([kept * oort, 0n, (100n - kept) * oort]);
  });

  it('cannot be executed with so little gas that its proposer is not paid', async () => {
    for (let gas = 60_000n; gas < 220_000n; gas += 10_000n) {
      const takeBack = await chain.snapshot();
      const paid = await chain.send(bob, 'Governance', 'execute', [1], 0n, gas).then(() => true, () => false);
      expect(await chain.balance(mallory)).toBe((paid ? 100n : 99n) * oort);
      await takeBack();
    }
  });
});

it.each<[Hostility, bigint]>([['refuse', 1n], ['burn', 1n], ['reenter', 0n]])('a pool that would %s when its bond comes back stops no case, and finds the bond waiting', async (hostility, left) => {
  await chain.send(mallory, 'StakingPools', 'createPool', [0], 10n * oort);
  await chain.send(platform, 'HonestyCourt', 'proposeSlash', [id('case'), mallory, 1_000, id('e')]);
  await chain.send(mallory, 'HonestyCourt', 'appeal', [id('case')], oort);
  await arm(hostility, 'HonestyCourt', 'takeOwed', [mallory]);
  const before = chain.gasUsed;
  await chain.send(chain.at.get('JuryCourt') ?? '', 'HonestyCourt', 'recordJury', [id('case'), 0, 3, id('votes')]);
  expect(chain.gasUsed - before).toBeLessThan(300_000n);
  expect(await holds('HonestyCourt')).toBe(left * oort);
  if (left > 0n) await chain.send(mallory, 'HonestyCourt', 'takeOwed', [bob]);
  expect([await holds('HonestyCourt'), await chain.balance(bob)]).toEqual([0n, (100n + left) * oort]);
});

it('a gift cannot make the next staker lose more than a millionth of it', async () => {
  await chain.send(mallory, 'DefiPool', 'stake', [], 1n);
  await chain.transfer(mallory, 'DefiPool', 50n * oort);
  await chain.send(bob, 'DefiPool', 'stake', [], 70n * oort);
  await chain.send(bob, 'DefiPool', 'unstake', [(await chain.view('DefiPool', 'sharesOf', [bob]))[0]]);
  expect(await chain.balance(bob)).toBeGreaterThan(100n * oort - 50n * oort / 1_000_000n);
});
