// Signers recovered on the thread are those recovered here, in their order, few or many, with the thread or without it.
import { Transaction, Wallet, getBytes, id } from 'ethers';
import { addressOfKey } from './curve';
import { localParameters } from './parameters';
import { Recovery } from './recovery';
import { readSigned } from './signed-fields';
import { parseTransactionBy } from './transaction';

const raws = (count: number): Promise<string[]> => Promise.all(Array.from({ length: count }, (_, nonce) =>
  new Wallet(id(`signer ${nonce}`)).signTransaction({ chainId: 97031, nonce, gasLimit: 21_000n, gasPrice: 2_000_000_000n, type: 0, to: `0x${'11'.repeat(20)}` })));

test.each([1, 3, 4, 40])('%i at once', async (count) => {
  const recovery = new Recovery();
  const all = await raws(count);
  const settled: number[] = [];
  const parsed = await Promise.all(all.map((raw, at) => parseTransactionBy(recovery, raw, localParameters()).finally(() => { settled.push(at); })));
  expect(parsed.map((each) => (each.ok ? each.transaction.from : each.refusal.code))).toEqual(all.map((raw) => Transaction.from(raw).from?.toLowerCase()));
  expect(settled).toEqual(all.map((_, at) => at));
  await recovery.close();
});

test('what nobody can have signed has no signer, and a thread that has ended hurts nobody', async () => {
  const recovery = new Recovery();
  const [raw = ''] = await raws(1);
  const signed = readSigned(getBytes(raw));
  if (signed === null) throw new RangeError('not read');
  const nobody = { ...signed, signature: Buffer.alloc(64, 0xff) };
  const asked = [signed, nobody, signed, nobody, signed].map((each) => recovery.authorOf(each));
  const own = addressOfKey(getBytes(new Wallet(id('signer 0')).signingKey.publicKey));
  expect(await Promise.all(asked)).toEqual([own, null, own, null, own]);
  await recovery.close();
  expect(await Promise.all([signed, signed, signed, signed].map((each) => recovery.authorOf(each)))).toEqual([own, own, own, own]);
});
