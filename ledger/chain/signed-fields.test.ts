// Our reader beside ethers', over random transactions of every type and random damage to them; and both curves beside each other.
import { Transaction, Wallet, getBytes, hexlify, id, keccak256, toBeHex } from 'ethers';
import type { TransactionLike } from 'ethers';
import { addressOfKey, curves } from './curve';
import { localParameters } from './parameters';
import { parseTransaction } from './transaction';

const seed = Number(process.env['SEED'] ?? 1);
const rounds = 150;
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
let state = seed;
const below = (limit: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor(state / 2 ** 32 * limit);
};
const hex = (bytes: number): string => `0x${Array.from({ length: bytes }, () => below(256).toString(16).padStart(2, '0')).join('')}`;
const amount = (): bigint => [0n, 1n, 127n, 128n, 255n, 256n, 10n ** 18n][below(7)] ?? 0n;

function random(): TransactionLike {
  const type = below(3);
  const price = 10n ** 9n + BigInt(below(1000));
  return {
    type, chainId: 97031, nonce: [0, 1, 127, 128, 300, 70_000][below(6)] ?? 0, gasLimit: BigInt(21_000 + below(10 ** 6)), value: amount(),
    to: below(5) === 0 ? null : hex(20), data: hex(below(3) === 0 ? 0 : below(120)),
    ...(type === 2 ? { maxFeePerGas: price, maxPriorityFeePerGas: BigInt(below(10 ** 6)) } : { gasPrice: price }),
    ...(type === 0 ? {} : { accessList: Array.from({ length: below(3) }, () => ({ address: hex(20), storageKeys: Array.from({ length: below(3) }, () => hex(32)) })) }),
  };
}

function damaged(raw: string): string {
  const at = 2 + 2 * below(raw.length / 2 - 1);
  switch (below(3)) {
    case 0: return `${raw.slice(0, at)}${hex(1).slice(2)}${raw.slice(at + 2)}`;
    case 1: return `${raw.slice(0, at)}${raw.slice(at + 2)}`;
    default: return `${raw.slice(0, at)}00${raw.slice(at)}`;
  }
}

function byEthers(raw: string): Transaction | null {
  try {
    const transaction = Transaction.from(raw);
    return transaction.isSigned() && transaction.serialized === raw && transaction.from !== null ? transaction : null;
  } catch {
    return null;
  }
}

test(`what ethers writes is read as ethers reads it, damaged or not (seed ${seed})`, async () => {
  const wallet = new Wallet(id('reader'));
  for (let round = 0; round < rounds; round += 1) {
    const whole = await wallet.signTransaction(random());
    for (const raw of [whole, damaged(whole)]) {
      const theirs = byEthers(raw);
      const ours = parseTransaction(raw, localParameters());
      if (!ours.ok) {
        // What is no transaction to them is none to us; what we refuse for another reason is no matter here.
        if (raw === whole || ours.refusal.code === 'TRANSACTION_MALFORMED') expect([raw, theirs === null || BigInt(theirs.signature?.s ?? 0) * 2n > 2n ** 256n]).toEqual([raw, true]);
        continue;
      }
      expect(ours.transaction).toMatchObject({
        hash: theirs?.hash, from: theirs?.from?.toLowerCase(), nonce: theirs?.nonce, raw,
        fields: { gasLimit: theirs?.gasLimit, value: theirs?.value, gasPrice: theirs?.maxFeePerGas ?? theirs?.gasPrice },
      });
    }
  }
});

(curves.native === null ? test.skip : test)('libsecp256k1 and JavaScript sign and recover the same', () => {
  for (let round = 1; round <= 10; round += 1) {
    const [key, digest] = [getBytes(toBeHex(BigInt(id(`key ${round}`)) >> 1n, 32)), getBytes(keccak256(toBeHex(round)))];
    const made = curves.native?.sign(digest, key);
    expect(Buffer.from(made?.signature ?? []).toString('hex')).toBe(Buffer.from(curves.javaScript.sign(digest, key).signature).toString('hex'));
    const low = made?.signature ?? new Uint8Array(64);
    const high = Buffer.concat([low.subarray(0, 32), getBytes(toBeHex(order - BigInt(hexlify(low.subarray(32))), 32))]);
    const parity = made?.parity ?? 0;
    const keys = [curves.javaScript, curves.native].flatMap((each) => [each?.recover(digest, low, parity), each?.recover(digest, high, 1 - parity)]);
    expect(new Set(keys.map((each) => addressOfKey(each ?? new Uint8Array(65))))).toEqual(new Set([new Wallet(`0x${Buffer.from(key).toString('hex')}`).address.toLowerCase()]));
  }
});
