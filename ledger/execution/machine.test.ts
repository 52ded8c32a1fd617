// The machine's own curve, asked through the precompiled contract that contracts ask.
import { createAddressFromString } from '@ethereumjs/util';
import { AbiCoder, Wallet, getBytes, hexlify, id } from 'ethers';
import { localParameters } from '@oort/ledger-chain';
import { FlatState } from './flat-state';
import { createMachine } from './machine';

test('ecrecover answers who has signed, and nothing where nobody can have', async () => {
  const vm = await createMachine(new FlatState(() => undefined), localParameters(), () => undefined);
  const [wallet, digest] = [new Wallet(id('signer')), id('said')];
  const { v, r, s } = wallet.signingKey.sign(digest);
  const ask = async (parity: number): Promise<string> => hexlify((await vm.evm.runCall({
    to: createAddressFromString(`0x${'00'.repeat(19)}01`), gasLimit: 100_000n, data: getBytes(AbiCoder.defaultAbiCoder().encode(['bytes32', 'uint8', 'bytes32', 'bytes32'], [digest, parity, r, s])),
  })).execResult.returnValue);
  expect(await ask(v)).toBe(`0x${'00'.repeat(12)}${wallet.address.slice(2).toLowerCase()}`);
  expect(await ask(29)).toBe('0x');
});
