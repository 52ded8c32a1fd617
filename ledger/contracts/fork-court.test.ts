// A witness's own two blocks, shown to the contract: what the rules call a fork is slashed once, and nothing else is.
import fc from 'fast-check';
import { id } from 'ethers';
import { decodeBlock, zeroHash } from '@oort/ledger-chain';
import { checkForkProof } from '@oort/ledger-dag';
import { forker, forkerBlock } from './fork-twins';
import { Reverted, TestChain, account, platform, type Log } from './test-chain';

const oort = 10n ** 18n;
const stranger = `0x${'32'.repeat(32)}`;
const previous = id('previous');
const sign = forkerBlock;
const witness = forker;
const [one, twin] = [sign(), sign({ timestamp: 8 })];
const [delegator, reporter] = [account('delegator'), account('reporter')];

let chain: TestChain;
beforeEach(async () => {
  chain = await TestChain.open();
  for (const each of [witness, delegator]) await chain.give(each, 100n * oort);
});

async function stake(): Promise<void> {
  await chain.send(witness, 'StakingPools', 'createPool', [500], 10n * oort);
  await chain.send(delegator, 'StakingPools', 'delegate', [witness], 20n * oort);
}

const report = (a: string, b: string): Promise<readonly Log[]> => chain.send(reporter, 'ForkCourt', 'report', [a, b]);

async function refusal(a: string, b: string): Promise<string> {
  try {
    await report(a, b);
    return 'accepted';
  } catch (error) {
    if (error instanceof Reverted) return error.reason;
    throw error;
  }
}

it('takes all that stands behind a forker, once; the reporter gets a tenth of the own stake, the rest is insured', async () => {
  await stake();
  const logs = await report(twin, one);
  expect(logs.map(({ event }) => event)).toEqual(['Slashed', 'ForkProven', 'Received']);
  expect([...(await chain.view('StakingPools', 'stakeOf', [witness]))].slice(0, 3)).toEqual([0n, 0n, 0n]);
  expect(await chain.balance(reporter)).toBe(oort);
  expect((await chain.view('InsurancePool', 'balance'))[0]).toBe(29n * oort);
  await chain.send(witness, 'StakingPools', 'addStake', [], 10n * oort);
  const third = sign({ timestamp: 9 });
  for (const [a, b] of [[one, twin], [twin, one], [third, one]] as const) expect(await refusal(a, b)).toBe('IdUsed');
  const elsewhere = { previous: id('elsewhere') };
  await report(sign(elsewhere), sign({ ...elsewhere, links: [] }));
  expect(await chain.balance(reporter)).toBe(2n * oort);
});

it('counts what the witness is taking out as its own, and keeps a proof good until there is something to take', async () => {
  expect(await refusal(one, twin)).toBe('NothingAtStake');
  await stake();
  chain.pass(31);
  await chain.send(witness, 'StakingPools', 'requestExit', [witness, 10n * oort]);
  await report(one, twin);
  expect(await chain.balance(reporter)).toBe(oort);
  chain.pass(1_000);
  await expect(chain.send(witness, 'StakingPools', 'withdraw', [witness])).rejects.toMatchObject({ reason: 'NothingToWithdraw' });
});

it('cannot be kept from its case by the platform, which chooses the ids of its own', async () => {
  await stake();
  const [forkId] = await chain.view('ForkCourt', 'forkId', [witness, previous]);
  await chain.send(platform, 'HonestyCourt', 'proposeSlash', [forkId, witness, 1, id('evidence')]);
  chain.pass(100);
  await chain.send(platform, 'HonestyCourt', 'settle', [forkId]);
  await report(one, twin);
});

it.each([
  ['SameBlockTwice', one, one],
  ['RootsDiffer', one, sign({ previous: id('other') })],
  ['RootsDiffer', sign({ previous: zeroHash }), sign({ previous: zeroHash }, stranger)],
  ['SignatureNotOfAuthor', one, sign({ timestamp: 7, from: witness }, stranger)],
  ['NotABlock', one, '0x'],
  ['NotABlock', one, `${twin}00`],
  ['NotABlock', one, twin.slice(0, -2)],
])('%s', async (code, a, b) => {
  await stake();
  expect(await refusal(a, b)).toBe(code);
});

const hash = fc.integer().map((each) => id(String(each)));
const hashes = fc.oneof(fc.array(hash, { maxLength: 3 }), fc.integer({ min: 4, max: 40 }).map((length) => Array.from({ length }, (_, each) => id(String(each)))));
const times = fc.constantFrom(0, 1, 127, 128, 255, 256, 65_535, 1_800_000_000, 2 ** 47);
const body = fc.record({ parents: hashes, links: hashes, approves: hashes, timestamp: times, previous: fc.constantFrom(zeroHash, previous) });
/** Bytes of a block that are changed, taken out or put in. */
const harm = fc.array(fc.record({ where: fc.nat({ max: 4_000 }), kind: fc.constantFrom('change', 'remove', 'insert'), byte: fc.nat({ max: 255 }) }), { maxLength: 2 });

function harmed(wire: string, harms: readonly { readonly where: number; readonly kind: string; readonly byte: number }[]): string {
  const bytes = [...Buffer.from(wire.slice(2), 'hex')];
  for (const { where, kind, byte } of harms) bytes.splice(where % 80 === 0 ? where % bytes.length : where % Math.min(80, bytes.length), kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [byte]));
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

it('proves what the rules of the chain prove, and refuses what they refuse', async () => {
  await stake();
  let proven = 0;
  await fc.assert(fc.asyncProperty(body, body, fc.oneof(fc.constant([]), harm), async (first, second, harms) => {
    const [a, b] = [sign(first), harmed(sign(second), harms)];
    const wanted = 'proven' in checkForkProof(a, b);
    const takeBack = await chain.snapshot();
    const found = await refusal(a, b);
    await takeBack();
    expect({ found, a, b }).toEqual({ found: wanted ? 'accepted' : expect.stringMatching(/^(NotABlock|SameBlockTwice|RootsDiffer|SignatureNotOfAuthor)$/), a, b });
    if (wanted) proven += 1;
  }), { numRuns: 60, seed: 4 });
  expect(proven).toBeGreaterThan(10);
});

it('reads the hash of a block as long as one may be', async () => {
  await stake();
  const links = Array.from({ length: 4_096 }, (_, each) => id(`link ${each}`));
  const [a, b] = [sign({ links }), sign({ links, timestamp: 1 })];
  const logs = await report(a, b);
  const found = logs.find(({ event }) => event === 'ForkProven')?.args;
  const wanted = [a, b].map((wire) => decodeBlock(wire).hash).sort();
  expect([found?.['one'], found?.['other']]).toEqual(wanted);
});
