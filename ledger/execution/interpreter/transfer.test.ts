// Payments, and what is nearly one: they leave exactly what the library leaves, or are left to it.
import { Account, createAddressFromString } from '@ethereumjs/util';
import { Wallet, id } from 'ethers';
import type { TransactionLike } from 'ethers';
import { keccakHex, localParameters, readSigned } from '@oort/ledger-chain';
import type { SignedTransaction } from '@oort/ledger-chain';
import { FlatState } from '../flat-state';
import { intrinsicGas } from '../intrinsic-gas';
import { bytesOf, commonOf, createMachine, evmBlock } from '../machine';
import { parseRaw, runTransaction } from '../run-transaction';
import { runCall } from './run-call';

const parameters = localParameters();
const rich = new Wallet(id('rich'));
const contract = `0x${'c0'.repeat(20)}`;
const stranger = `0x${'5a'.repeat(20)}`;
const coinbase = `0x${'ee'.repeat(20)}`;
const environment = { number: 1, timestamp: 1_700_000_000, coinbase, random: `0x${'00'.repeat(32)}` };

async function world(): Promise<FlatState> {
  const state = new FlatState(() => undefined);
  await state.putAccount(createAddressFromString(rich.address), new Account(5n, 10n ** 18n));
  await state.putAccount(createAddressFromString(contract), new Account(1n, 7n));
  await state.putCode(createAddressFromString(contract), Uint8Array.of(0x00));
  return state;
}

const usual: TransactionLike = { type: 0, chainId: parameters.chainId, nonce: 5, gasLimit: 21_000n, gasPrice: 2_000_000_000n, to: stranger, value: 3n };

const cases: readonly [string, TransactionLike, boolean][] = [
  ['a payment to somebody new', {}, true],
  ['to oneself', { to: rich.address }, true],
  ['of nothing, to nobody yet', { value: 0n }, true],
  ['with more gas than it needs', { gasLimit: 90_000n }, true],
  ['with a tip', { type: 2, gasPrice: null, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 500_000_000n }, true],
  ['with a tip that the highest fee cuts', { type: 2, gasPrice: null, maxFeePerGas: 1_200_000_000n, maxPriorityFeePerGas: 900_000_000n }, true],
  ['to a witness who writes', { to: coinbase }, true],
  ['of more than there is', { value: 10n ** 18n }, false],
  ['with a nonce of before', { nonce: 4 }, false],
  ['with a nonce of later', { nonce: 6 }, false],
  ['below the base fee', { gasPrice: 1n }, false],
  ['to a contract', { to: contract, gasLimit: 60_000n }, true],
  ['to a precompiled contract', { to: `0x${'00'.repeat(19)}04`, gasLimit: 60_000n }, false],
  ['with data', { data: '0x01', gasLimit: 60_000n }, true],
  ['that lists what it reads', { type: 1, accessList: [{ address: stranger, storageKeys: [] }], gasLimit: 60_000n }, false],
  ['with too little gas', { gasLimit: 20_999n }, false],
  ['with more gas than a block has', { gasLimit: BigInt(parameters.blockGasLimit) + 1n }, false],
];

const changesOf = (state: FlatState): unknown => state.changes().writes.filter(([, value]) => value !== null).map(([key, value]) => [key.toString('hex'), value?.toString('hex')]).sort();

/** Read but not judged: the pool would refuse some of these. */
function read(raw: string): Pick<SignedTransaction, 'hash' | 'from' | 'fields'> {
  const fields = readSigned(bytesOf(raw));
  if (fields === null) throw new RangeError('not a signed transaction');
  return { hash: keccakHex(bytesOf(raw)), from: rich.address.toLowerCase(), fields };
}

test.each(cases)('%s', async (_name, changes, isOurs) => {
  const raw = await rich.signTransaction({ ...usual, ...changes });
  const [own, theirs] = [await world(), await world()];
  const vm = await createMachine(theirs, parameters, () => undefined);
  const expected = await runTransaction(vm, { raw }, evmBlock(environment, parameters, commonOf(parameters)));
  const before = changesOf(own);
  const transaction = read(raw);
  const result = runCall(own, transaction, environment, parameters);
  expect(result !== null).toBe(isOurs);
  if (result === null) expect(changesOf(own)).toEqual(before);
  else expect([result, changesOf(own)]).toEqual([expected, changesOf(theirs)]);
  const least = intrinsicGas(transaction.fields, parameters);
  expect('gas' in least ? least.gas : null).toBe(parseRaw(raw, vm).getIntrinsicGas());
});

test('the costs of creation and of data are the EVM\'s too', async () => {
  const vm = await createMachine(await world(), parameters, () => undefined);
  for (const size of [0, 1, 31, 32, 33, 1000]) {
    const raw = await rich.signTransaction({ ...usual, to: null, data: `0x${'0001'.repeat(size)}`, gasLimit: 5_000_000n });
    expect(intrinsicGas(read(raw).fields, parameters)).toEqual({ gas: parseRaw(raw, vm).getIntrinsicGas() });
  }
});
