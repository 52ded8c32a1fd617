// Whatever people, the platform and hostile receivers may do to the system contracts, drawn at random and done on a real EVM.
import fc from 'fast-check';
import { encodeBytes32String, id, type Result } from 'ethers';
import type { ContractName } from '@oort/schema';
import { forker, forkTwins } from './fork-twins';
import { actOnCase, caseStep, enlistNodes, newCaseMemory, type CaseMemory, type CaseStep } from './fuzz-cases';
import { officerStep, serve, type OfficerStep } from './fuzz-officers';
import { fuzzParameters, jurors, mallory, oort, people } from './fuzz-people';
import { hostileCode, type Hostility } from './hostile';
import { proofOf, rootOf } from './reward-leaves';
import { Reverted, account, platform, type Log, type TestChain } from './test-chain';

export const parameterName = encodeBytes32String('tokenDiscountBps');
const person = fc.constantFrom(...people);
const anybody = fc.constantFrom(...people, platform);
const amount = fc.oneof(fc.noBias(fc.bigInt({ min: 0n, max: 60n * oort })), fc.constantFrom(0n, 1n, 7n, oort, 2n * oort, 3n * oort, 5n * oort, 10n * oort, 25n * oort));
const number = fc.constantFrom(0, 0, 1);
/** Counted back from the last one. */
const proposal = fc.constantFrom(0, 0, 0, 1);
const reward = fc.integer({ min: 0, max: 3 });
const method = <C extends ContractName, M extends string>(contract: C, name: M): { readonly contract: fc.Arbitrary<C>; readonly method: fc.Arbitrary<M> } =>
  ({ contract: fc.constant(contract), method: fc.constant(name) });

/** A call as anybody may send it: numbers stand for the ids of cases, missions and the like. */
export interface Call {
  readonly contract: ContractName;
  readonly method: string;
  readonly from: string;
  readonly value: bigint;
  readonly args: readonly unknown[];
}

const nothing = fc.constant(0n);
const name = (kind: string): fc.Arbitrary<string> => number.map((each) => id(`${kind} ${each}`));
/** Of pools, which most people do not have. */
const poolOf = fc.constantFrom(forker, forker, account('cid'), mallory);
const root = fc.constant(id('root'));
const none = fc.constant<readonly unknown[]>([]);
const tuple = (...parts: fc.Arbitrary<unknown>[]): fc.Arbitrary<readonly unknown[]> => fc.tuple(...parts);
const call = (contract: ContractName, name: string, from: fc.Arbitrary<string>, value: fc.Arbitrary<bigint>, args: fc.Arbitrary<readonly unknown[]>): fc.Arbitrary<Call> =>
  fc.record({ ...method(contract, name), from, value, args });
/** Mostly the platform; now and then somebody who has no business there. */
const operator = fc.oneof({ weight: 5, arbitrary: fc.constant(platform) }, { weight: 1, arbitrary: person });
const basisPoints = fc.constantFrom(0, 1, 777, 1_000, 5_000, 9_999, 10_000, 10_001);

const pools = [
  call('StakingPools', 'createPool', person, amount, tuple(fc.constantFrom(0, 500, 10_000, 10_001))),
  call('StakingPools', 'addStake', person, amount, none),
  call('StakingPools', 'delegate', person, amount, tuple(poolOf)),
  call('StakingPools', 'requestExit', person, nothing, tuple(poolOf, amount)),
  call('StakingPools', 'withdraw', person, nothing, tuple(poolOf)),
  call('StakingPools', 'slash', anybody, nothing, tuple(name('case'), person, basisPoints)),
];
const court = [
  call('HonestyCourt', 'proposeSlash', operator, nothing, tuple(name('case'), poolOf, basisPoints, root)),
  call('HonestyCourt', 'appeal', poolOf, fc.constantFrom(oort, oort, 1n), tuple(name('case'))),
  call('HonestyCourt', 'settle', anybody, nothing, tuple(name('case'))),
  call('HonestyCourt', 'recordJury', anybody, nothing, tuple(name('case'), fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 3 }), root)),
  call('ForkCourt', 'report', anybody, nothing, fc.tuple(fc.constantFrom(1, 1, 2), fc.boolean()).map(([deed, third]) => forkTwins(deed, third))),
  call('HonestyCourt', 'settle', anybody, nothing, tuple(name('case'))),
];
const anyJuror = fc.constantFrom(...jurors, ...people);
const bond = (seats: bigint): bigint => fuzzParameters.appealBondWei * seats;
const juryCourt = [
  call('JuryCourt', 'enrol', anyJuror, fc.constantFrom(fuzzParameters.jurorDepositWei, fuzzParameters.jurorDepositWei, 1n), tuple(anyJuror)),
  call('JuryCourt', 'resign', anyJuror, nothing, none),
  call('JuryCourt', 'withdrawDeposit', anyJuror, nothing, none),
  call('JuryCourt', 'claim', anyJuror, nothing, none),
  call('JuryCourt', 'give', anybody, amount, none),
  call('JuryCourt', 'appeal', anybody, fc.constantFrom(bond(3n), bond(7n), 1n), tuple(name('case'))),
  ...['summon', 'draw', 'close', 'conclude'].map((each) => call('JuryCourt', each, anybody, nothing, tuple(name('case')))),
  call('HonestyCourt', 'takeOwed', anybody, nothing, tuple(person)),
  call('LeafCourt', 'takeOwed', anybody, nothing, tuple(person)),
  call('LeafCourt', 'dismiss', poolOf, nothing, tuple(fc.constant(mallory))),
];
const officerCourt = [
  ...['open', 'keepSeed', 'resign', 'withdrawDeposit', 'takeEarned', 'takeEarned'].map((each) => call('OfficerCourt', each, anyJuror, nothing, none)),
  call('OfficerCourt', 'takeOwed', anybody, nothing, tuple(person)),
  call('OfficerCourt', 'give', anybody, amount, none),
  ...['lapse', 'claimWage'].map((each) => call('OfficerCourt', each, anyJuror, nothing, tuple(anyJuror, fc.constantFrom(1, 2, 3)))),
];
const governance = [
  call('Governance', 'propose', person, fc.constantFrom(oort, oort, oort, 1n), tuple(fc.constantFrom(parameterName, parameterName, parameterName, id('x')), fc.constantFrom(0, 7, 5_000, 5_001), fc.constant('why'))),
  call('Governance', 'vote', person, nothing, tuple(proposal, fc.constantFrom(true, true, false))),
  call('Governance', 'execute', anybody, nothing, tuple(proposal)),
  call('Governance', 'reject', anybody, nothing, tuple(proposal)),
];
const money = [
  call('DefiPool', 'stake', person, amount, none),
  call('DefiPool', 'unstake', person, nothing, tuple(fc.oneof(amount, amount.map((wei) => wei * 1_000_000n)))),
  call('Payments', 'pay', person, amount, tuple(name('invoice'))),
  call('Escrow', 'fund', person, amount, tuple(name('mission'))),
  call('Escrow', 'release', operator, nothing, tuple(name('call'), name('mission'), person, amount)),
  call('Escrow', 'refund', operator, nothing, tuple(name('call'), name('mission'))),
  call('Escrow', 'withdrawRefund', person, nothing, tuple(name('mission'))),
  call('InsurancePool', 'payOut', operator, nothing, tuple(name('call'), person, amount)),
  call('Anchors', 'anchor', operator, nothing, tuple(fc.integer({ min: 0, max: 50 }), root)),
];

export type Step =
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'gift'; readonly from: string; readonly to: ContractName; readonly amount: bigint }
  | { readonly kind: 'publish'; readonly from: string; readonly amounts: readonly bigint[]; readonly short: boolean; readonly value: bigint }
  | { readonly kind: 'claim'; readonly from: string; readonly leaf: number; readonly more: bigint }
  | { readonly kind: 'arm'; readonly hostility: Hostility; readonly call: Call }
  | { readonly kind: 'pass'; readonly seconds: number }
  | CaseStep
  | OfficerStep;

const calls = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...pools) }, { weight: 4, arbitrary: fc.oneof(...court) }, { weight: 3, arbitrary: fc.oneof(...juryCourt) }, { weight: 3, arbitrary: fc.oneof(...officerCourt) },
  { weight: 4, arbitrary: fc.oneof(...governance) }, { weight: 6, arbitrary: fc.oneof(...money) });

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('call' as const), call: calls }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gift' as const), from: person, to: fc.constantFrom<ContractName[]>('DefiPool', 'Rewards', 'InsurancePool', 'StakingPools', 'Governance', 'Escrow', 'JuryCourt', 'OfficerCourt'), amount }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish' as const), from: operator, amounts: fc.array(amount, { minLength: 4, maxLength: 4 }), short: fc.boolean(), value: amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('claim' as const), from: anybody, leaf: reward, more: fc.constantFrom(0n, 0n, 1n) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('arm' as const), hostility: fc.constantFrom<Hostility[]>('reenter', 'refuse', 'burn', 'accept'), call: calls }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(1, 7, 21, 41, 200) }) },
  { weight: 18, arbitrary: caseStep },
  { weight: 12, arbitrary: officerStep },
);

/** Where histories begin: a full pool, a small one, a hostile one, and votes outside them. */
export async function prelude(chain: TestChain): Promise<void> {
  const [ann, bob, cid] = people as readonly [string, string, string];
  await chain.send(ann, 'StakingPools', 'createPool', [500], 10n * oort);
  await chain.send(bob, 'StakingPools', 'delegate', [ann], 20n * oort);
  await chain.send(mallory, 'StakingPools', 'delegate', [ann], 5n * oort);
  await chain.send(cid, 'StakingPools', 'createPool', [0], 12n * oort);
  await chain.send(mallory, 'StakingPools', 'createPool', [0], 11n * oort);
  await chain.send(bob, 'DefiPool', 'stake', [], 30n * oort);
  await enlistNodes(chain);
  chain.pass(31);
}

export interface Done { readonly logs: readonly Log[]; readonly refusal: string | null }

/** What the world remembers beside the contracts. */
export interface Remembered { leaves: readonly { readonly account: string; readonly amount: bigint }[]; readonly cases: CaseMemory }

export const newMemory = (): Remembered => ({ leaves: [], cases: newCaseMemory() });

export async function act(chain: TestChain, each: Step, remembered: Remembered): Promise<Done> {
  switch (each.kind) {
    case 'call': return attempt(chain.send(each.call.from, each.call.contract, each.call.method, await argumentsNow(chain, each.call), each.call.value));
    case 'gift': return attempt(chain.transfer(each.from, each.to, each.amount));
    case 'publish': return publish(chain, each, remembered);
    case 'claim': {
      const leaf = remembered.leaves[each.leaf];
      if (leaf === undefined) return { logs: [], refusal: 'no leaf' };
      return attempt(chain.send(each.from, 'Rewards', 'claim', [leaf.account, leaf.amount + each.more, proofOf(remembered.leaves, each.leaf)]));
    }
    case 'arm': {
      const { contract, method: called } = each.call;
      const data = chain.interfaceOf(contract).encodeFunctionData(called, await argumentsNow(chain, each.call));
      await chain.putCode(mallory, hostileCode(each.hostility, chain.at.get(contract) ?? '', data));
      return { logs: [], refusal: null };
    }
    case 'pass':
      chain.pass(each.seconds);
      return { logs: [], refusal: null };
    case 'serve': return attempt(serve(chain, each));
    case 'accuse':
    case 'convict':
    case 'doubt':
    case 'move':
    case 'show':
    case 'vote': return attempt(actOnCase(chain, each, remembered.cases));
  }
}

async function argumentsNow(chain: TestChain, { contract, method: called, args }: Call): Promise<readonly unknown[]> {
  if (contract !== 'Governance' || called === 'propose') return args;
  const [count] = (await chain.view('Governance', 'proposalCount')) as unknown as [bigint];
  return [count - BigInt(args[0] as number) > 0n ? count - BigInt(args[0] as number) : 1n, ...args.slice(1)];
}

/** Amounts add to what each account could claim before; a root may promise more than its total says, and the contract must stand it. */
async function publish(chain: TestChain, each: Extract<Step, { kind: 'publish' }>, remembered: Remembered): Promise<Done> {
  const [epoch, before] = [(await one(chain, 'epoch')) as bigint, (await one(chain, 'cumulativeTotal')) as bigint];
  const leaves = people.map((account, index) => ({ account, amount: (remembered.leaves[index]?.amount ?? 0n) + (each.amounts[index] ?? 0n) }));
  const sum = leaves.reduce((all, leaf) => all + leaf.amount, 0n);
  const total = each.short ? before + 1n : sum;
  const done = await attempt(chain.send(each.from, 'Rewards', 'publish', [epoch + 1n, rootOf(leaves), total], each.value));
  if (done.refusal === null) remembered.leaves = leaves;
  return done;
}

async function one(chain: TestChain, view: string): Promise<unknown> {
  const result: Result = await chain.view('Rewards', view);
  return result[0];
}

async function attempt(sent: Promise<readonly Log[]>): Promise<Done> {
  try {
    return { logs: await sent, refusal: null };
  } catch (error) {
    if (error instanceof Reverted) return { logs: [], refusal: error.reason };
    throw error;
  }
}
