import { Account, createAccountFromRLP } from '@ethereumjs/util';
import { decodeAccount, encodeAccount, MalformedAccount } from './account-rlp';

const values = [0n, 1n, 0x7fn, 0x80n, 0xffn, 0x100n, 10n ** 18n, 2n ** 64n - 1n, 2n ** 255n, 2n ** 256n - 1n];
const codeHash = Uint8Array.from({ length: 32 }, (_, at) => at);

test('the bytes are those of the library, and are read back', () => {
  for (const nonce of values.slice(0, 8)) {
    for (const balance of values) {
      const account = new Account(nonce, balance, undefined, codeHash);
      const wire = encodeAccount(account);
      expect(wire.equals(account.serialize())).toBe(true);
      const read = decodeAccount(wire);
      expect([read.nonce, read.balance, Buffer.from(read.serialize())]).toEqual([nonce, balance, wire]);
      expect(read.isContract()).toBe(createAccountFromRLP(wire).isContract());
    }
  }
});

test('bytes that were cut or changed are no account', () => {
  const wire = encodeAccount(new Account(7n, 10n ** 18n));
  for (let length = 0; length < wire.length; length += 1) expect(() => decodeAccount(wire.subarray(0, length))).toThrow(MalformedAccount);
  for (const at of [0, 1, 2, 3, wire.length - 33]) {
    const changed = Buffer.from(wire);
    changed[at] = 0xff;
    expect(() => decodeAccount(changed)).toThrow(MalformedAccount);
  }
});
