// The EVM nests checkpoints; what it reverts must be as if it had never been.
import { Account, createAddressFromString } from '@ethereumjs/util';
import { FlatState } from './flat-state';
import { accountKey, slotKey } from './state-keys';

const address = createAddressFromString(`0x${'11'.repeat(20)}`);
const other = createAddressFromString(`0x${'22'.repeat(20)}`);
const slot = new Uint8Array(32).fill(7);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function stored(): FlatState {
  const disk = new Map([
    [accountKey(address.bytes).toString('hex'), Buffer.from(new Account(3n, 100n).serialize())],
    [slotKey(address.bytes, slot).toString('hex'), Buffer.of(9)],
  ]);
  return new FlatState((key) => disk.get(key.toString('hex')));
}

test('reads through to the store until something is written', async () => {
  const state = stored();
  expect([(await state.getAccount(address))?.balance, await state.getAccount(other)]).toEqual([100n, undefined]);
  expect([...(await state.getStorage(address, slot))]).toEqual([9]);
  await state.putStorage(address, slot, bytes(0, 0, 5));
  expect([...(await state.getStorage(address, slot))]).toEqual([5]);
});

test('an inner revert keeps the outer writes, an outer revert takes all', async () => {
  const state = stored();
  await state.checkpoint();
  await state.putStorage(address, slot, bytes(1));
  await state.checkpoint();
  await state.putStorage(address, slot, bytes(2));
  await state.putAccount(other, new Account(0n, 1n));
  await state.revert();
  expect([...(await state.getStorage(address, slot)), await state.getAccount(other)]).toEqual([1, undefined]);
  await state.checkpoint();
  await state.putStorage(address, slot, bytes(3));
  await state.commit();
  await state.revert();
  expect([...(await state.getStorage(address, slot))]).toEqual([9]);
  expect(state.changes().writes.filter(([, value]) => value !== null)).toEqual([]);
});

test('clearing an account hides its stored slots, and a revert brings them back', async () => {
  const state = stored();
  await state.checkpoint();
  await state.clearStorage(address);
  expect([...(await state.getStorage(address, slot))]).toEqual([]);
  await state.putStorage(address, slot, bytes(4));
  expect([...(await state.getStorage(address, slot))]).toEqual([4]);
  expect(state.changes().clearedStorage.map((each) => each.toString('hex'))).toEqual(['11'.repeat(20)]);
  await state.revert();
  expect([...(await state.getStorage(address, slot))]).toEqual([9]);
  expect(state.changes().clearedStorage).toEqual([]);
});

test('zero removes a slot', async () => {
  const state = stored();
  await state.putStorage(address, slot, bytes(0));
  expect([...(await state.getStorage(address, slot))]).toEqual([]);
  expect(state.changes().writes).toEqual([[slotKey(address.bytes, slot), null]]);
});

test('an account handed out is a copy', async () => {
  const state = stored();
  const account = await state.getAccount(address);
  account!.balance = 0n;
  expect((await state.getAccount(address))?.balance).toBe(100n);
});
