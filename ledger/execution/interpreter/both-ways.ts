// One transaction on one state, run by our interpreter and by the library: for the test of both and for `npm run interpreter:fuzz`.
import { Account, createAddressFromString } from '@ethereumjs/util';
import { Wallet, id } from 'ethers';
import type { TransactionLike } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { keccakHex, localParameters, readSigned } from '@oort/ledger-chain';
import type { ChainParameters, SignedTransaction } from '@oort/ledger-chain';
import { encodeAccount } from '../account-rlp';
import { FlatState } from '../flat-state';
import { bytesOf, commonOf, createMachine, evmBlock } from '../machine';
import { runTransaction, type RunResult } from '../run-transaction';
import { random } from './random-program';
import { runCall } from './run-call';

export class WaysDiffer extends Fault {
  constructor(detail: { readonly hardfork: string; readonly seed: number; readonly round: number; readonly codes: readonly string[]; readonly ours: string; readonly theirs: string }) {
    super('WAYS_DIFFER', `seed ${detail.seed}, round ${detail.round} on ${detail.hardfork}: ${detail.ours} is not ${detail.theirs}; ${detail.codes.join(' ')}`, detail);
  }
}

const rich = new Wallet(id('rich'));
const contracts = [0xc0, 0xc1, 0xc2, 0xc3].map((byte) => `0x${byte.toString(16).repeat(20)}`);
const coinbase = `0x${'ee'.repeat(20)}`;
const environment = { number: 77, timestamp: 1_700_000_000, coinbase, random: id('random') };

interface Scene { readonly codes: readonly string[]; readonly slots: readonly number[]; readonly tx: TransactionLike }

async function stage({ codes, slots }: Scene): Promise<FlatState> {
  const disk = new Map<string, Buffer>();
  const before = new FlatState((key) => disk.get(key.toString('hex')));
  await before.putAccount(createAddressFromString(rich.address), new Account(5n, 10n ** 20n));
  for (const [number, code] of codes.entries()) {
    const address = createAddressFromString(contracts[number] ?? '');
    await before.putAccount(address, new Account(1n, BigInt(number) * 1000n));
    await before.putCode(address, bytesOf(code));
    for (const slot of slots) await before.putStorage(address, bytesOf(`0x${slot.toString(16).padStart(64, '0')}`), Uint8Array.of(slot + 1));
  }
  for (const [key, value] of before.changes().writes) if (value !== null) disk.set(key.toString('hex'), value);
  return new FlatState((key) => disk.get(key.toString('hex')));
}

/** What keys hold afterwards; what was written as it had been counts as not written. */
function effectOf(state: FlatState, untouched: FlatState): readonly unknown[] {
  return state.changes().writes.map(([key, value]) => [key.toString('hex'), value?.toString('hex') ?? '']).filter(([key, value]) => {
    const rest = Buffer.from(key?.slice(2) ?? '', 'hex');
    if (key?.startsWith('73') === true) return Buffer.from(untouched.storageAt(rest.subarray(0, 20), rest.subarray(20))).toString('hex') !== value;
    const account = untouched.accountAt(rest);
    return (account === undefined ? '' : encodeAccount(account).toString('hex')) !== value;
  }).sort();
}

async function bothWays(scene: Scene, parameters: ChainParameters): Promise<{ readonly ours: RunResult | null; readonly theirs: RunResult; readonly states: readonly [readonly unknown[], readonly unknown[]] }> {
  const raw = await rich.signTransaction({ type: 0, chainId: parameters.chainId, nonce: 5, gasPrice: 2_000_000_000n, ...scene.tx });
  const fields = readSigned(bytesOf(raw));
  if (fields === null) throw new RangeError('not a signed transaction');
  const transaction: Pick<SignedTransaction, 'hash' | 'from' | 'fields'> = { hash: keccakHex(bytesOf(raw)), from: rich.address.toLowerCase(), fields };
  const [own, library, untouched] = [await stage(scene), await stage(scene), await stage(scene)];
  const ours = runCall(own, transaction, environment, parameters);
  const theirs = await runTransaction(await createMachine(library, parameters, () => undefined), { raw }, evmBlock(environment, parameters, commonOf(parameters)));
  return { ours, theirs, states: [effectOf(own, untouched), effectOf(library, untouched)] };
}

export interface Outcome { readonly whole: number; readonly failed: number; readonly left: number }

/** Throws WaysDiffer where the two disagree in anything. */
export async function compareWays({ hardfork, seed, rounds }: { readonly hardfork: 'shanghai' | 'cancun'; readonly seed: number; readonly rounds: number }): Promise<Outcome> {
  const parameters = localParameters({ hardfork });
  const source = random(seed, contracts);
  const ended = { whole: 0, failed: 0, left: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const scene = source.scene(hardfork);
    const { ours, theirs, states } = await bothWays(scene, parameters);
    ended[ours === null ? 'left' : ours.status === 1 ? 'whole' : 'failed'] += 1;
    const [left, right] = ours === null ? [textOf(states[0]), '[]'] : [textOf({ ...ours, state: states[0] }), textOf({ ...theirs, state: states[1] })];
    if (left !== right) throw new WaysDiffer({ hardfork, seed, round, codes: scene.codes, ours: left, theirs: right });
  }
  return ended;
}

function textOf(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return String(inner);
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner;
  });
}
