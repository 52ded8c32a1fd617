// Where an account, a code and a slot stand in the flat state, and how it is read and changed: what the state, its past and the store have in common.

/** A key's value before a block; null where there was none. */
export type Before = readonly (readonly [key: Buffer, value: Buffer | null])[];

export type StateReader = (key: Buffer) => Buffer | undefined;

export const kinds = { account: 0x61, code: 0x63, slot: 0x73 } as const;

export const accountKey = (address: Uint8Array): Buffer => keyOf(kinds.account, address);
export const codeKey = (codeHash: Uint8Array): Buffer => keyOf(kinds.code, codeHash);
export const slotKey = (address: Uint8Array, slot: Uint8Array): Buffer => keyOf(kinds.slot, address, slot);

/** Every instruction on storage makes one: Buffer.concat would take three times as long. */
function keyOf(kind: number, first: Uint8Array, second?: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(1 + first.length + (second?.length ?? 0));
  key[0] = kind;
  key.set(first, 1);
  if (second !== undefined) key.set(second, 1 + first.length);
  return key;
}

/** A key as a string, a character a byte: what maps are faster with than with hexadecimal digits. */
export const nameOf = (key: Buffer): string => key.toString('latin1');
export const keyNamed = (name: string): Buffer => Buffer.from(name, 'latin1');

/** All slots of one account lie in [first, last). */
export const slotRange = (address: Uint8Array): { readonly start: Buffer; readonly end: Buffer } => ({
  start: Buffer.concat([Buffer.of(kinds.slot), address]),
  end: Buffer.concat([Buffer.of(kinds.slot), address, Buffer.alloc(33, 0xff)]),
});
