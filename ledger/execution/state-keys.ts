// Where an account, a code and a slot stand in the flat state, and how it is read and changed: what the state, its past and the store have in common.

/** A key's value before a block; null where there was none. */
export type Before = readonly (readonly [key: Buffer, value: Buffer | null])[];

export type StateReader = (key: Buffer) => Buffer | undefined;

export const kinds = { account: 0x61, code: 0x63, slot: 0x73 } as const;

export const accountKey = (address: Uint8Array): Buffer => Buffer.concat([Buffer.of(kinds.account), address]);
export const codeKey = (codeHash: Uint8Array): Buffer => Buffer.concat([Buffer.of(kinds.code), codeHash]);
export const slotKey = (address: Uint8Array, slot: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(kinds.slot), address, slot]);
/** All slots of one account lie in [first, last). */
export const slotRange = (address: Uint8Array): { readonly start: Buffer; readonly end: Buffer } => ({
  start: Buffer.concat([Buffer.of(kinds.slot), address]),
  end: Buffer.concat([Buffer.of(kinds.slot), address, Buffer.alloc(33, 0xff)]),
});
