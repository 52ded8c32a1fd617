// Whatever people do in whatever order: no OORT appears or vanishes, and every contract can pay what it owes.
import fc from 'fast-check';
import { id } from 'ethers';
import { Reverted, TestChain, account, platform } from './test-chain';

const oort = 10n ** 18n;
const people = ['ann', 'bob', 'cid'].map(account);
const person = fc.constantFrom(...people);
const amount = fc.bigInt({ min: 1n, max: 40n * oort });

const step = fc.oneof(
  fc.record({ kind: fc.constant('createPool' as const), from: person, amount }),
  fc.record({ kind: fc.constant('delegate' as const), from: person, pool: person, amount }),
  fc.record({ kind: fc.constant('requestExit' as const), from: person, pool: person, amount }),
  fc.record({ kind: fc.constant('withdraw' as const), from: person, pool: person }),
  fc.record({ kind: fc.constant('slash' as const), pool: person, caseNumber: fc.integer({ min: 0, max: 4 }), basisPoints: fc.constantFrom(1, 777, 5_000, 10_000) }),
  fc.record({ kind: fc.constant('stake' as const), from: person, amount }),
  fc.record({ kind: fc.constant('unstake' as const), from: person, amount }),
  fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(1, 16, 31) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function attempt(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof Reverted) return false;
    throw error;
  }
}

/** Answers the id of the case that was settled, if one was. */
async function run(chain: TestChain, s: Step): Promise<string | null> {
  switch (s.kind) {
    case 'createPool': await attempt(chain.send(s.from, 'StakingPools', 'createPool', [500], s.amount)); return null;
    case 'delegate': await attempt(chain.send(s.from, 'StakingPools', 'delegate', [s.pool], s.amount)); return null;
    case 'requestExit': await attempt(chain.send(s.from, 'StakingPools', 'requestExit', [s.pool, s.amount])); return null;
    case 'withdraw': await attempt(chain.send(s.from, 'StakingPools', 'withdraw', [s.pool])); return null;
    case 'stake': await attempt(chain.send(s.from, 'DefiPool', 'stake', [], s.amount)); return null;
    case 'unstake': await attempt(chain.send(s.from, 'DefiPool', 'unstake', [s.amount])); return null;
    case 'pass': chain.pass(s.seconds); return null;
    case 'slash': {
      const caseId = id(`case ${s.caseNumber}`);
      await attempt(chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, s.pool, s.basisPoints, id('evidence')]));
      await attempt(chain.send(chain.at.get('JuryCourt') ?? '', 'HonestyCourt', 'recordJury', [caseId, 7, 0, id('votes')]));
      return await attempt(chain.send(platform, 'HonestyCourt', 'settle', [caseId])) ? caseId : null;
    }
  }
}

async function check(chain: TestChain): Promise<void> {
  let owed = 0n;
  let total = 0n;
  for (const pool of people) {
    const [own, delegated, exiting] = (await chain.view('StakingPools', 'stakeOf', [pool])) as unknown as [bigint, bigint, bigint];
    let delegations = 0n;
    let exits = 0n;
    for (const staker of people) {
      delegations += (await chain.view('StakingPools', 'delegationOf', [pool, staker]))[0] as bigint;
      exits += (await chain.view('StakingPools', 'exitOf', [pool, staker]))[0] as bigint;
    }
    expect(delegations <= delegated).toBe(true);
    expect(delegated - delegations < 10n).toBe(true);
    expect(exits <= exiting).toBe(true);
    owed += own + delegated + exiting;
    total += own + delegated;
  }
  expect(await chain.balance(chain.at.get('StakingPools') ?? '')).toBe(owed);
  expect((await chain.view('StakingPools', 'totalVotesAt', [chain.number]))[0]).toBe(total);
  expect(await chain.balance(chain.at.get('DefiPool') ?? '')).toBe((await chain.view('DefiPool', 'totalAssets'))[0]);
  expect(await chain.balance(chain.at.get('HonestyCourt') ?? '')).toBe(0n);
}

it('conserves OORT, slashes once for one id, and covers every stake', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
    const chain = await TestChain.open();
    for (const each of [...people, platform]) await chain.give(each, 100n * oort);
    const settled: string[] = [];
    for (const each of steps) {
      const done = await run(chain, each);
      if (done !== null) settled.push(done);
      await check(chain);
    }
    expect(new Set(settled).size).toBe(settled.length);
    expect(await chain.sum([...people, platform])).toBe(400n * oort);
  }), { numRuns: 12 });
}, 60_000);
