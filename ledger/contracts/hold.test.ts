// What a pool may take out while it is accused: all that no open case may take, and after a bounded time everything.
import { id } from 'ethers';
import { localParameters, publicParameters, type PlatformParameters } from '@oort/schema';
import { TestChain, account, platform, refused } from './test-chain';

const oort = 10n ** 18n;
const [operator, delegator, other, anybody] = [account('operator'), account('delegator'), account('other'), account('anybody')];
const parameters: PlatformParameters = { ...localParameters, fullPoolWei: 1_000n * oort };
const { appealSeconds, jurySeconds, poolExitSeconds } = parameters;
/** Longer than any case may take, and the rest after one that came to nothing. */
const holdSeconds = appealSeconds + 4 * (6 * jurySeconds + appealSeconds);
const restSeconds = 2 * poolExitSeconds;

let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.open(parameters);
  for (const person of [operator, delegator, other, platform]) await chain.give(person, 1_000n * oort);
  await chain.send(operator, 'StakingPools', 'createPool', [500], 20n * oort);
  await chain.send(delegator, 'StakingPools', 'delegate', [operator], 70n * oort);
  await chain.send(other, 'StakingPools', 'delegate', [operator], 10n * oort);
});

const accuse = (name: string, basisPoints: number): Promise<unknown> => chain.send(platform, 'HonestyCourt', 'proposeSlash', [id(name), operator, basisPoints, id('e')]);
const dismiss = (name: string): Promise<unknown> => chain.send(chain.at.get('JuryCourt') ?? '', 'HonestyCourt', 'recordJury', [id(name), 0, 3, id('votes')]);
const uphold = (name: string): Promise<unknown> => chain.send(chain.at.get('JuryCourt') ?? '', 'HonestyCourt', 'recordJury', [id(name), 3, 0, id('votes')]);
const settle = (name: string): Promise<unknown> => chain.send(anybody, 'HonestyCourt', 'settle', [id(name)]);
const leave = (who: string, amount: bigint): Promise<unknown> => chain.send(who, 'StakingPools', 'requestExit', [operator, amount]);
const withdraw = (who: string): Promise<unknown> => chain.send(who, 'StakingPools', 'withdraw', [operator]);
const stakes = async (): Promise<readonly unknown[]> => [...await chain.view('StakingPools', 'stakeOf', [operator])].slice(0, 3);
const held = async (): Promise<unknown> => (await chain.view('StakingPools', 'heldOf', [operator]))[0];

it('an accused operator cannot leave before the case is settled, and the slash finds him', async () => {
  await leave(operator, 20n * oort);
  await accuse('case', 10_000);
  chain.pass(poolExitSeconds);
  expect(await held()).toBe(100n * oort);
  expect(await refused(withdraw(operator))).toBe('HeldForACase');
  await uphold('case');
  expect(await refused(withdraw(operator))).toBe('HeldForACase');
  await settle('case');
  expect(await stakes()).toEqual([0n, 0n, 0n]);
  expect([await held(), await refused(withdraw(operator))]).toEqual([0n, 'NothingToWithdraw']);
});

it('only what the case may take stays: whoever delegates can go, the operator answers first', async () => {
  await leave(operator, 10n * oort);
  await leave(delegator, 70n * oort);
  await accuse('case', 1_500);
  chain.pass(poolExitSeconds);
  await withdraw(delegator);
  expect(await chain.balance(delegator)).toBe(1_000n * oort);
  // Of what he takes out, 10, he gets 5: with 10 of own stake they make up the 15 that the case may take.
  await withdraw(operator);
  expect([await chain.balance(operator), await refused(withdraw(operator))]).toEqual([985n * oort, 'HeldForACase']);
  await uphold('case');
  await settle('case');
  // Measured by what stood when the pool was accused; the delegation that stayed loses nothing.
  expect(await stakes()).toEqual([0n, 10n * oort, 0n]);
});

it('an operator who asked to leave before the deed pays before those who trusted him', async () => {
  await leave(operator, 20n * oort);
  await accuse('case', 1_000);
  await chain.send(platform, 'HonestyCourt', 'proposeSlash', [id('another'), operator, 1_000, id('e')]);
  chain.pass(appealSeconds);
  await settle('case');
  await settle('another');
  expect(await stakes()).toEqual([0n, 80n * oort, 0n]);
});

it('a case that is dismissed lets go, and then everybody can leave before the next accusation holds anything', async () => {
  await accuse('false', 10_000);
  await leave(delegator, 70n * oort);
  chain.pass(poolExitSeconds);
  expect(await refused(withdraw(delegator))).toBe('HeldForACase');
  await dismiss('false');
  await accuse('false again', 10_000);
  expect(await held()).toBe(0n);
  await leave(other, 10n * oort);
  await withdraw(delegator);
  chain.pass(poolExitSeconds);
  await withdraw(other);
  expect([await chain.balance(delegator), await chain.balance(other)]).toEqual([1_000n * oort, 1_000n * oort]);
  chain.pass(restSeconds);
  await accuse('the third', 10_000);
  expect(await held()).toBe(20n * oort);
});

it('accusation upon accusation holds a pool no longer than one case may take, and then it rests', async () => {
  await leave(delegator, 70n * oort);
  await accuse('0', 10_000);
  const begun = chain.time;
  for (let each = 1; each < 5; each += 1) {
    chain.pass(holdSeconds / 10);
    await accuse(String(each), 10_000);
    expect(await refused(withdraw(delegator))).toBe('HeldForACase');
  }
  chain.time = begun + BigInt(holdSeconds) - 1n;
  await accuse('the last', 10_000);
  expect(await held()).toBe(0n);
  await withdraw(delegator);
  expect(await chain.balance(delegator)).toBe(1_000n * oort);
  // Late verdicts of the old cases give no new time.
  await dismiss('0');
  await uphold('1');
  chain.pass(restSeconds - 10);
  await accuse('in the rest', 10_000);
  expect(await held()).toBe(0n);
  chain.pass(10);
  await accuse('after it', 10_000);
  expect(await held()).toBe(30n * oort);
});

it('a conviction is no reason to rest: the next case holds at once', async () => {
  await accuse('true', 1_000);
  chain.pass(appealSeconds);
  await settle('true');
  await accuse('another', 10_000);
  expect(await held()).toBe(90n * oort);
});

it('a case is no reason to keep stake of others, and only courts hold and let go', async () => {
  expect(await refused(chain.send(platform, 'StakingPools', 'hold', [id('x'), operator, 1]))).toBe('NotTheCourt');
  expect(await refused(chain.send(platform, 'StakingPools', 'release', [id('x'), operator]))).toBe('NotTheCourt');
  await accuse('of nothing', 0);
  await chain.send(platform, 'HonestyCourt', 'proposeSlash', [id('of nobody'), anybody, 10_000, id('e')]);
  expect([await held(), (await chain.view('StakingPools', 'heldOf', [anybody]))[0]]).toEqual([0n, 0n]);
});

it('by the parameters of a public network: who may leave in hours waits for an appealed case of days, and for none longer than a month', async () => {
  const { poolExitSeconds: exit, appealBondWei, poolOwnMinimumWei, appealSeconds: day } = publicParameters;
  chain = await TestChain.open(publicParameters);
  await chain.give(operator, 1_000_000n * oort);
  await chain.send(operator, 'StakingPools', 'createPool', [500], poolOwnMinimumWei);
  await leave(operator, poolOwnMinimumWei);
  await accuse('case', 10_000);
  await chain.send(operator, 'HonestyCourt', 'appeal', [id('case')], appealBondWei);
  for (const wait of [exit, day, 7 * day]) {
    chain.pass(wait);
    expect(await refused(withdraw(operator))).toBe('HeldForACase');
  }
  chain.pass(21 * day);
  await withdraw(operator);
  expect(await chain.balance(operator)).toBe(1_000_000n * oort - appealBondWei);
});
