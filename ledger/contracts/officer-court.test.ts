// Officers on the real machine: who is drawn, what a seat must show for its wage, who may doubt it, and what idling and lying cost.
import { id } from 'ethers';
import fc from 'fast-check';
import { localParameters } from '@oort/schema';
import { Batch, enrolOfficer, Phantoms, ticketOf } from './officer-deeds';
import { TestChain, account, platform, refused, type Log } from './test-chain';

const oort = 10n ** 18n;
const {
  officerDepositWei: deposit, officerWageWei: wage, officerBondWei: bond, officerQuota: quota,
  officerPeriodSeconds: periodSeconds, officerShowSeconds: showSeconds, officerDisputeSeconds: disputeSeconds,
} = localParameters;
/** Every transaction takes a second. */
const drawSeconds = 100;
const officers = ['a', 'b', 'c', 'd'].map((name) => account(`officer ${name}`));
const [first = '', second = ''] = officers;
const [anybody, doubter] = [account('anybody'), account('doubter')];

let chain: TestChain;
let takeBack: () => Promise<void>;

beforeAll(async () => {
  chain = await TestChain.open({ ...localParameters, officerDrawSeconds: drawSeconds });
  for (const person of [...officers, anybody, doubter, platform]) await chain.give(person, 1_000n * oort);
  for (const [index, officer] of officers.entries()) await chain.send(officer, 'StakingPools', 'createPool', [500], BigInt(10 + index) * oort);
});
beforeEach(async () => { takeBack = await chain.snapshot(); });
afterEach(() => takeBack());

const send = (from: string, method: string, args: readonly unknown[] = [], value = 0n): Promise<readonly Log[]> => chain.send(from, 'OfficerCourt', method, args, value);
const ask = async (view: string, args: readonly unknown[] = []): Promise<unknown> => (await chain.view('OfficerCourt', view, args))[0];
const seat = (officer: string, period = 1n) => chain.view('OfficerCourt', 'seatOf', [period, officer]);
const officer = (of: string) => chain.view('OfficerCourt', 'officers', [of]);
const earned = (who: string): Promise<unknown> => ask('earned', [who]);

/** Opens a period whose seed is known. */
async function opened(): Promise<bigint> {
  await send(anybody, 'open');
  chain.number += 2n;
  await send(anybody, 'keepSeed');
  return await ask('period') as bigint;
}

async function drawn(...who: readonly string[]): Promise<bigint> {
  for (const each of who) if ((await officer(each))['since'] === 0n) await enrolOfficer(chain, each, deposit);
  chain.number += 1n;
  const period = await opened();
  for (const each of who) await send(anybody, 'showTicket', await ticketOf(chain, each));
  chain.pass(drawSeconds);
  return period;
}

async function committed(who: string, count: number = quota): Promise<Phantoms> {
  const phantoms = new Phantoms(chain, who, await ask('period') as bigint, count);
  await send(who, 'commitPhantoms', [who, phantoms.root, count]);
  return phantoms;
}

async function covered(): Promise<void> {
  let owed = await ask('fund') as bigint;
  for (const each of [...officers, anybody, doubter]) owed += (await earned(each) as bigint) + ((await officer(each))['deposit'] as bigint);
  expect(await chain.balance(chain.at.get('OfficerCourt') ?? '')).toBe(owed);
}

test('a drawn officer that works is paid once, and takes its deposit when it leaves', async () => {
  await drawn(first, second);
  await send(platform, 'give', [], oort);
  const phantoms = await committed(first, quota + 3);
  expect(await refused(committed(first))).toBe('WrongStage');
  chain.pass(periodSeconds);
  expect(await refused(send(second, 'showPhantoms', [first, 1n, phantoms.shown()]))).toBe('NotTheOfficer');
  expect(await refused(send(first, 'showPhantoms', [first, 1n, phantoms.shown(quota - 1)]))).toBe('TooFew');
  expect(await refused(send(first, 'showPhantoms', [first, 1n, [...phantoms.shown()].reverse()]))).toBe('OtherRoot');
  await send(first, 'showPhantoms', [first, 1n, phantoms.shown(quota)]);
  expect(await refused(send(first, 'claimWage', [first, 1n]))).toBe('DisputingRuns');
  await send(first, 'resign');
  expect(await refused(send(first, 'withdrawDeposit'))).toBe('StillSeated');
  chain.pass(disputeSeconds);
  expect(await refused(send(anybody, 'claimWage', [first, 1n]))).toBe('NotTheOfficer');
  await send(first, 'claimWage', [first, 1n]);
  expect(await refused(send(first, 'claimWage', [first, 1n]))).toBe('WrongStage');
  expect(await earned(first)).toBe(wage);
  await covered();
  const before = await chain.balance(first);
  await send(first, 'takeEarned');
  expect(await refused(send(first, 'takeEarned'))).toBe('NothingEarned');
  await send(first, 'withdrawDeposit');
  expect(await chain.balance(first)).toBe(before + wage + deposit);
  await covered();
});

test('who commits to nothing is fined, who is idle three times in a row loses its place, and who is asked too little keeps its deposit', async () => {
  for (let time = 1; time <= 3; time += 1) {
    const period = await drawn(first, second);
    const phantoms = await committed(second);
    chain.pass(periodSeconds);
    expect(await refused(send(anybody, 'lapse', [first, period]))).toBe('ShowingRuns');
    chain.pass(showSeconds);
    expect(await refused(send(second, 'showPhantoms', [second, period, phantoms.shown()]))).toBe('ShowingOver');
    for (const each of [first, second]) await send(anybody, 'lapse', [each, period]);
    expect(await refused(send(anybody, 'lapse', [first, period]))).toBe('WrongStage');
    expect((await officer(first))['deposit']).toBe(deposit - BigInt(time) * deposit / 10n);
    expect((await officer(second))['deposit']).toBe(deposit);
    expect((await officer(first))['leftAt'] !== 0n).toBe(time === 3);
    await covered();
  }
  await opened();
  expect(await refused(chain.send(anybody, 'OfficerCourt', 'showTicket', await ticketOf(chain, first)))).toBe('NotAnOfficer');
  await send(first, 'withdrawDeposit');
});

test('a shown phantom that was never sent costs half the deposit, once; one that was is found in the batch of the platform', async () => {
  const period = await drawn(first);
  await send(platform, 'give', [], oort);
  const phantoms = await committed(first, 3);
  const batch = new Batch(id('batch'), phantoms.leaves.slice(0, 1));
  await chain.send(platform, 'HonestyCourt', 'commitBatch', [batch.batchId, batch.root, 3]);
  await send(first, 'showPhantoms', [first, period, phantoms.shown()]);
  const doubt = (index: number, leaf = phantoms.leaves[index], value = bond): Promise<readonly Log[]> =>
    send(doubter, 'dispute', [first, period, leaf, index, phantoms.path(index)], value);
  expect(await refused(doubt(0, phantoms.leaves[1]))).toBe('NotALeaf');
  expect(await refused(doubt(0, phantoms.leaves[0], 1n))).toBe('WrongBond');
  for (const index of [0, 1, 2]) await doubt(index);
  expect(await refused(doubt(0))).toBe('DisputedAlready');
  const [sent, path] = batch.sent(phantoms.leaves[0] ?? '');
  expect(await refused(send(anybody, 'answer', [phantoms.leaves[1], sent, path]))).toBe('NotInBatch');
  await send(anybody, 'answer', [phantoms.leaves[0], sent, path]);
  expect(await earned(first)).toBe(bond);
  expect(await refused(send(anybody, 'convict', [phantoms.leaves[1]]))).toBe('AnsweringRuns');
  chain.pass(disputeSeconds);
  expect(await refused(send(first, 'claimWage', [first, period]))).toBe('DisputingRuns');
  for (const index of [1, 2]) await send(anybody, 'convict', [phantoms.leaves[index]]);
  expect(await refused(send(anybody, 'convict', [phantoms.leaves[1]]))).toBe('NotDisputed');
  expect(await refused(send(first, 'claimWage', [first, period]))).toBe('WrongStage');
  // Two bonds back, and half of one fine.
  expect(await earned(doubter)).toBe(2n * bond + deposit / 4n);
  const after = await officer(first);
  expect([after['deposit'], after['seated'], after['leftAt'] !== 0n]).toEqual([deposit / 2n, 0n, true]);
  await covered();
});

test('a leaf that stayed shut, and one after its time, is not to be doubted', async () => {
  const period = await drawn(first);
  const phantoms = await committed(first, 3);
  await send(first, 'showPhantoms', [first, period, phantoms.shown(2)]);
  expect(await refused(send(doubter, 'dispute', [first, period, phantoms.leaves[2], 2, phantoms.path(2)], bond))).toBe('NotALeaf');
  chain.pass(disputeSeconds);
  expect(await refused(send(doubter, 'dispute', [first, period, phantoms.leaves[0], 0, phantoms.path(0)], bond))).toBe('DisputingOver');
  // The fund is empty, and the officer may still end its seat.
  await send(first, 'claimWage', [first, period]);
  expect(await earned(first)).toBe(0n);
});

test('the best tickets have the seats, whoever brings them and in whatever order, and only those who were there before the seed', async () => {
  for (const each of officers.slice(0, 3)) await enrolOfficer(chain, each, deposit);
  expect(await refused(enrolOfficer(chain, first, deposit))).toBe('EnrolledAlready');
  expect(await refused(send(officers[3] ?? '', 'enrol', [1, 1], deposit))).toBe('NoKey');
  expect(await refused(enrolOfficer(chain, anybody, deposit))).toBe('NoStake');
  chain.number += 1n;
  await send(anybody, 'open');
  expect(await refused(send(anybody, 'open'))).toBe('PeriodRuns');
  expect(await refused(send(anybody, 'keepSeed'))).toBe('SeedNotYet');
  await enrolOfficer(chain, officers[3] ?? '', deposit);
  chain.number += 2n;
  await send(anybody, 'keepSeed');
  expect(await refused(send(anybody, 'showTicket', await ticketOf(chain, officers[3] ?? '')))).toBe('TooLate');
  const spoiled = await ticketOf(chain, first) as readonly [string, readonly bigint[], readonly bigint[]];
  expect(await refused(send(anybody, 'showTicket', [second, ...spoiled.slice(1)]))).toBe('WrongProof');
  const orders = [[0, 1, 2], [2, 1, 0]];
  const seats: string[] = [];
  for (const order of orders) {
    const back = await chain.snapshot();
    for (const index of order) await send(anybody, 'showTicket', await ticketOf(chain, officers[index] ?? '')).catch((error: unknown) => { if (!String(error).includes('NotDrawn')) throw error; });
    const [{ seats: seated }] = await chain.view('OfficerCourt', 'periodOf', [1n]) as unknown as readonly [{ readonly seats: readonly string[] }];
    const tickets = await Promise.all(seated.map(async (each) => (await seat(each))['ticket'] as bigint));
    expect(tickets[0] ?? 0n).toBeLessThan(tickets[1] ?? 0n);
    expect(seated).toHaveLength(localParameters.officerSeats);
    seats.push([...seated].join());
    const all = await Promise.all(officers.map(async (each) => (await officer(each))['seated'] as bigint));
    expect(all.reduce((sum, each) => sum + each, 0n)).toBe(2n);
    expect(await refused(send(anybody, 'showTicket', await ticketOf(chain, seated[0] ?? '')))).toBe('ShownAlready');
    await back();
  }
  expect(new Set(seats).size).toBe(1);
  chain.pass(drawSeconds);
  expect(await refused(send(anybody, 'showTicket', spoiled))).toBe('DrawOver');
});

test('any changed number of a ticket is refused', async () => {
  await enrolOfficer(chain, first, deposit);
  chain.number += 1n;
  await opened();
  const [of, proof, products] = await ticketOf(chain, first) as readonly [string, readonly bigint[], readonly bigint[]];
  const all = [...proof, ...products];
  await fc.assert(fc.asyncProperty(fc.nat({ max: all.length - 1 }), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.nat({ max: 255 }), fc.boolean(), async (place, value, bit, flip) => {
    const before = all[place] ?? 0n;
    const made = flip ? before ^ (1n << BigInt(bit)) : value;
    fc.pre(made !== before);
    const spoiled = all.map((each, index) => (index === place ? made : each));
    expect(await refused(send(anybody, 'showTicket', [of, spoiled.slice(0, 4), spoiled.slice(4)]))).toBe('WrongProof');
  }), { numRuns: 12 });
  await send(anybody, 'showTicket', [of, proof, products]);
});

test('-log2 is the logarithm', async () => {
  for (const [value, log] of [[0n, 256], [1n, 256], [2n, 255], [2n ** 128n, 128], [2n ** 255n, 1], [3n * 2n ** 254n, 2 - Math.log2(3)], [10n ** 30n, 256 - 30 * Math.log2(10)], [2n ** 256n - 1n, 0]] as const) {
    expect(Number(await ask('minusLog2', [value]) as bigint) / 2 ** 64).toBeCloseTo(log, 9);
  }
});

test('a seed that the machine forgot is set anew', async () => {
  await enrolOfficer(chain, first, deposit);
  chain.number += 1n;
  await send(anybody, 'open');
  chain.number += 300n;
  expect(await refused(send(anybody, 'showTicket', [first, [1n, 1n, 1n, 1n], [1n, 1n, 1n, 1n, 1n, 1n]]))).toBe('SeedForgotten');
  const [anew] = await send(anybody, 'keepSeed');
  expect(anew?.args['seedBlock']).toBe(chain.number + 2n);
  chain.number += 3n;
  await send(anybody, 'keepSeed');
  await send(anybody, 'showTicket', await ticketOf(chain, first));
});

test('an officer whose phantom convicts a node has the finder\'s share', async () => {
  const [accused = ''] = officers.slice(3);
  await chain.send(platform, 'HonestyCourt', 'proposeSlashFoundBy', [first, id('case'), accused, 1_000, id('evidence')]);
  expect(await refused(chain.send(first, 'HonestyCourt', 'proposeSlashFoundBy', [first, id('other'), accused, 1_000, id('evidence')]))).toBe('AccessControlUnauthorizedAccount');
  chain.pass(localParameters.appealSeconds);
  const before = await chain.balance(first);
  const logs = await chain.send(anybody, 'HonestyCourt', 'settle', [id('case')]);
  const amount = logs.find(({ event }) => event === 'Settled')?.args['amount'] as bigint;
  expect(await chain.balance(first)).toBe(before + amount / 10n);
});
