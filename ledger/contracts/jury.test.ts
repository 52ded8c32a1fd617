// Juries on the real machine: who is drawn, how they vote, what it costs and pays, and what happens without one.
import { AbiCoder, id, keccak256 } from 'ethers';
import { localParameters } from '@oort/schema';
import { TestChain, account, hashOf, platform, refused, type Log } from './test-chain';

const oort = 10n ** 18n;
const { jurySeconds, appealSeconds, jurorDepositWei: deposit, jurorWageWei: wage } = localParameters;
const accused = account('accused');
const people = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name) => account(`juror ${name}`));
const voterOf = (juror: string): string => account(`voter of ${juror}`);
const caseId = id('case');
const root = id('what was computed again');
const coder = AbiCoder.defaultAbiCoder();

let chain: TestChain;

beforeEach(async () => {
  chain = await TestChain.open();
  for (const person of [accused, platform, ...people]) await chain.give(person, 1_000n * oort);
  for (const [index, person] of [accused, ...people].entries()) await chain.send(person, 'StakingPools', 'createPool', [500], BigInt(10 + index) * oort);
});

const enrol = async (jurors: readonly string[]): Promise<void> => {
  for (const juror of jurors) await chain.send(juror, 'JuryCourt', 'enrol', [voterOf(juror)], deposit);
};
const propose = (basisPoints = 10_000): Promise<unknown> => chain.send(platform, 'HonestyCourt', 'proposeSlash', [caseId, accused, basisPoints, id('evidence')]);
const act = (method: string, from = account('anybody')): Promise<readonly Log[]> => chain.send(from, 'JuryCourt', method, [caseId]);
const own = async (): Promise<unknown> => (await chain.view('StakingPools', 'stakeOf', [accused]))[0];
const earned = async (who: string): Promise<unknown> => (await chain.view('JuryCourt', 'earned', [who]))[0];
const depositOf = async (who: string): Promise<unknown> => (await chain.view('JuryCourt', 'jurors', [who]))[4];

async function drawn(): Promise<{ readonly round: bigint; readonly jurors: readonly string[]; readonly seed: string }> {
  chain.number += 3n;
  const [log] = await act('draw');
  return { round: log?.args['round'] as bigint, seed: String(log?.args['seed']), jurors: [...log?.args['jurors'] as string[]].map((juror) => juror.toLowerCase()) };
}

const sealed = (round: bigint, juror: string, toSlash: boolean): string =>
  keccak256(coder.encode(['bytes32', 'uint256', 'address', 'bool', 'bytes32', 'bytes32'], [caseId, round, juror, toSlash, root, id(`salt of ${juror}`)]));
const commit = (round: bigint, juror: string, toSlash: boolean): Promise<unknown> =>
  chain.send(voterOf(juror), 'JuryCourt', 'commitVote', [caseId, sealed(round, juror, toSlash)]);
const reveal = (juror: string, toSlash: boolean): Promise<unknown> =>
  chain.send(voterOf(juror), 'JuryCourt', 'revealVote', [caseId, toSlash, root, id(`salt of ${juror}`)]);

async function vote({ round, jurors }: { readonly round: bigint; readonly jurors: readonly string[] }, slashes: number): Promise<void> {
  for (const [seat, juror] of jurors.entries()) await commit(round, juror, seat < slashes);
  for (const [seat, juror] of jurors.entries()) await reveal(juror, seat < slashes);
  await act('close');
}

/** Deposits, earnings, the fund, and no bond of a case that is over. */
async function covered(): Promise<void> {
  let owed = (await chain.view('JuryCourt', 'fund'))[0] as bigint;
  for (const each of [accused, platform, account('anybody'), ...people]) owed += (await earned(each) as bigint) + (await depositOf(each) as bigint);
  expect(await chain.balance(chain.at.get('JuryCourt') ?? '')).toBe(owed);
}

test('a whole stake is slashed once, by two thirds of a jury that anybody can draw again', async () => {
  await enrol(people.slice(0, 5));
  await chain.give(chain.at.get('JuryCourt') ?? '', 0n);
  await propose();
  chain.pass(appealSeconds);
  expect(await refused(chain.send(platform, 'HonestyCourt', 'settle', [caseId]))).toBe('JuryNeeded');
  expect(await refused(chain.send(platform, 'HonestyCourt', 'recordJury', [caseId, 7, 0, id('votes')]))).toBe('NotTheJuries');
  const [summoned] = await act('summon');
  expect(await refused(act('summon'))).toBe('SummonedAlready');
  expect(await refused(act('draw'))).toBe('SeedNotYet');
  // Too late for this case: neither counts.
  await enrol(people.slice(5, 7));
  await chain.send(people[0] ?? '', 'JuryCourt', 'resign');
  const jury = await drawn();
  const seed = keccak256(coder.encode(['bytes32', 'bytes32', 'uint256'], [hashOf(Number(summoned?.args['seedBlock'])), caseId, 0]));
  expect(jury.seed).toBe(seed);
  expect(jury.jurors).toEqual(pick(seed, people.slice(0, 5).map((juror, index) => ({ juror, stake: BigInt(11 + index) * oort })), 3));
  await vote(jury, 2);
  expect(await refused(act('conclude'))).toBe('AppealRuns');
  chain.pass(appealSeconds);
  await act('conclude');
  expect(await refused(act('conclude'))).toBe('ConcludedAlready');
  await chain.send(account('anybody'), 'HonestyCourt', 'settle', [caseId]);
  expect(await own()).toBe(0n);
  expect(await refused(chain.send(account('anybody'), 'HonestyCourt', 'settle', [caseId]))).toBe('WrongStage');
  // The one in the minority lost a tenth of its deposit to the other two; the fund was empty.
  expect(await Promise.all(jury.jurors.map(earned))).toEqual([deposit / 20n, deposit / 20n, 0n]);
  expect(await depositOf(jury.jurors[2] ?? '')).toBe(deposit * 9n / 10n);
  await chain.send(jury.jurors[0] ?? '', 'JuryCourt', 'claim');
  expect(await refused(chain.send(jury.jurors[0] ?? '', 'JuryCourt', 'claim'))).toBe('NothingEarned');
  await covered();
});

test('votes are sealed: not shown before all have committed, not another than was committed, not copied, not by strangers', async () => {
  await enrol(people.slice(0, 4));
  await propose();
  await act('summon');
  const { round, jurors: [one = '', two = '', three = ''], jurors } = await drawn();
  const [outside = ''] = people.slice(0, 4).filter((each) => !jurors.includes(each));
  await commit(round, one, true);
  expect(await refused(commit(round, one, false))).toBe('CommittedAlready');
  expect(await refused(commit(round, outside, true))).toBe('NotSeated');
  expect(await refused(chain.send(account('anybody'), 'JuryCourt', 'commitVote', [caseId, root]))).toBe('NotSeated');
  expect(await refused(reveal(one, true))).toBe('CommittingRuns');
  await chain.send(voterOf(two), 'JuryCourt', 'commitVote', [caseId, sealed(round, one, true)]);
  await commit(round, three, false);
  expect(await refused(reveal(one, false))).toBe('WrongReveal');
  await reveal(one, true);
  expect(await refused(reveal(one, true))).toBe('WrongReveal');
  expect(await refused(chain.send(voterOf(two), 'JuryCourt', 'revealVote', [caseId, true, root, id(`salt of ${one}`)]))).toBe('WrongReveal');
  expect(await refused(act('close'))).toBe('VotingRuns');
  chain.pass(2 * jurySeconds);
  expect(await refused(reveal(three, false))).toBe('RevealingOver');
});

test('silence costs more than being wrong, and a jury without a quorum is drawn anew; the third time the small slash stands', async () => {
  await enrol(people.slice(0, 4));
  await propose();
  await act('summon');
  const silent = new Map<string, bigint>();
  for (const attempt of [0n, 1n, 2n]) {
    const { round, jurors } = await drawn();
    expect(round).toBe(attempt);
    await commit(round, jurors[0] ?? '', true);
    chain.pass(jurySeconds);
    await reveal(jurors[0] ?? '', true);
    for (const juror of jurors.slice(1)) silent.set(juror, (silent.get(juror) ?? 0n) + 1n);
    chain.pass(jurySeconds);
    await act('close');
  }
  for (const [juror, times] of silent) expect(await depositOf(juror)).toBe(deposit - times * deposit / 4n);
  await chain.send(account('anybody'), 'HonestyCourt', 'settle', [caseId]);
  expect(await own()).toBe(9n * oort);
  await covered();
});

test('without enough jurors only the small slash is left, and an appeal costs nothing', async () => {
  await enrol(people.slice(0, 2));
  await propose();
  await chain.send(accused, 'HonestyCourt', 'appeal', [caseId], oort);
  await act('summon');
  chain.number += 3n;
  expect((await act('draw')).map(({ event }) => event)).toEqual(['JuryShort', 'Concluded', 'JuryRecorded']);
  expect(await chain.balance(accused)).toBe(990n * oort);
  await chain.send(account('anybody'), 'HonestyCourt', 'settle', [caseId]);
  expect(await own()).toBe(9n * oort);
  expect(await refused(act('draw'))).toBe('WrongStage');
});

test('a larger jury hears the appeal: its verdict counts, the loser pays, and who was right in the end is paid', async () => {
  await enrol(people.slice(0, 8));
  await chain.send(platform, 'JuryCourt', 'give', [], 10n * oort);
  await propose(1_000);
  expect(await refused(act('summon'))).toBe('NoJuryNeeded');
  await chain.send(accused, 'HonestyCourt', 'appeal', [caseId], oort);
  await act('summon');
  const first = await drawn();
  await vote(first, 3);
  expect(await refused(chain.send(people[8] ?? '', 'JuryCourt', 'appeal', [caseId], 7n * oort / 3n))).toBe('NotToAppeal');
  expect(await refused(chain.send(accused, 'JuryCourt', 'appeal', [caseId], oort))).toBe('WrongBond');
  const before = await chain.balance(accused);
  await chain.send(accused, 'JuryCourt', 'appeal', [caseId], 7n * oort / 3n);
  const second = await drawn();
  expect(second.jurors).toHaveLength(7);
  await vote(second, 1);
  // Now anybody but the pool may ask for a third jury, of fifteen, which this bench cannot seat: the second verdict stands.
  await chain.send(people[8] ?? '', 'JuryCourt', 'appeal', [caseId], 15n * oort / 3n);
  chain.number += 3n;
  await act('draw');
  expect(await own()).toBe(10n * oort);
  expect(await refused(chain.send(account('anybody'), 'HonestyCourt', 'settle', [caseId]))).toBe('WrongStage');
  // The court's bond comes back at once, that of the appeal when it is claimed; nobody lost the one that was never heard.
  await chain.send(accused, 'JuryCourt', 'claim');
  expect(await chain.balance(accused)).toBe(before + oort);
  expect(await earned(people[8] ?? '')).toBe(5n * oort);
  const wrong = second.jurors[0] ?? '';
  expect(await depositOf(wrong)).toBe(first.jurors.includes(wrong) ? deposit * 8n / 10n : deposit * 9n / 10n);
  for (const juror of second.jurors.slice(1)) expect(await earned(juror)).toBe(wage + deposit / 10n / 6n);
  await covered();
});

test('neither accused nor accuser sits, a forgotten seed is set anew, and a deposit waits until nothing can be drawn', async () => {
  await enrol([accused, ...people.slice(0, 3)]);
  await propose();
  await act('summon');
  chain.number += 300n;
  expect((await act('draw')).map(({ event }) => event)).toEqual(['JurySummoned']);
  const { jurors } = await drawn();
  expect([...jurors].sort()).toEqual(people.slice(0, 3).sort());
  await chain.send(accused, 'JuryCourt', 'resign');
  expect(await refused(chain.send(accused, 'JuryCourt', 'withdrawDeposit'))).toBe('NotYet');
  chain.number += 300n;
  await chain.send(accused, 'JuryCourt', 'withdrawDeposit');
  expect(await refused(chain.send(account('x'), 'JuryCourt', 'enrol', [voterOf('x')], 0n))).toBe('WrongDeposit');
  // The empty place is the next one's.
  await enrol(people.slice(3, 4));
  expect((await chain.view('JuryCourt', 'benchSize'))[0]).toBe(4n);
});

/** The draw of Juries.sol once more: the chance of each seat is that of its stake among those left. */
function pick(seed: string, bench: readonly { readonly juror: string; readonly stake: bigint }[], seats: number): readonly string[] {
  const left = bench.map((each) => ({ ...each }));
  return Array.from({ length: seats }, (_, seat) => {
    const total = left.reduce((sum, { stake }) => sum + stake, 0n);
    let point = BigInt(keccak256(coder.encode(['bytes32', 'uint256'], [seed, seat]))) % total;
    for (const each of left) {
      if (point < each.stake) {
        each.stake = 0n;
        return each.juror;
      }
      point -= each.stake;
    }
    return '';
  });
}
