// The wire form of a signed transaction, read without building anything again: legacy (EIP-155), access list (EIP-2930), dynamic fee (EIP-1559).
// What was signed is a prefix of the bytes, because only the canonical encoding is taken.
import { RLP } from '@ethereumjs/rlp';
import { readList } from './rlp-list';
import type { Item } from './rlp-list';

export interface SignedFields {
  readonly type: number;
  readonly chainId: bigint;
  readonly nonce: bigint;
  /** What it pays at most for a unit of gas. */
  readonly gasPrice: bigint;
  readonly priorityFee: bigint;
  readonly gasLimit: bigint;
  /** Null where it creates a contract. */
  readonly to: Uint8Array | null;
  readonly value: bigint;
  readonly data: Uint8Array;
  /** How many addresses and slots its access list names. */
  readonly listed: { readonly addresses: number; readonly slots: number };
  readonly parity: number;
  /** r and s, 64 bytes. */
  readonly signature: Uint8Array;
  /** What the hash that was signed covers. */
  readonly payload: Uint8Array;
}

const legacyItems = 9;
const signatureItems = 3;
/** An integer of so many bytes is exact as a number. */
const smallBytes = 6;
const typedItems = { 1: 11, 2: 12 } as const;

/** Null where the bytes are none of these, or not their canonical encoding. */
export function readSigned(wire: Uint8Array): SignedFields | null {
  const [first] = wire;
  if (first === undefined) return null;
  try {
    return first >= 0xc0 ? legacy(wire) : typed(first, wire);
  } catch {
    return null;
  }
}

function legacy(wire: Uint8Array): SignedFields | null {
  const items = readList(wire);
  if (items.length !== legacyItems) return null;
  const [nonce, gasPrice, gasLimit, to, value, data] = items;
  const v = integer(items[6], 8);
  // Before EIP-155: valid on every chain, so it belongs to none.
  const chainId = v >= 35n ? (v - 35n) / 2n : 0n;
  if (v < 35n && v !== 27n && v !== 28n) return null;
  const signed = unsigned(wire, items);
  const payload = chainId === 0n && v < 35n ? listOf(signed) : listOf(signed, ofChain(chainId));
  return {
    type: 0, chainId, ...amounts({ nonce, gasLimit, to, value, data }), gasPrice: integer(gasPrice, 32), priorityFee: integer(gasPrice, 32),
    listed: { addresses: 0, slots: 0 }, parity: Number(v >= 35n ? (v - 35n) % 2n : v - 27n), signature: signatureOf(items), payload,
  };
}

function typed(type: number, wire: Uint8Array): SignedFields | null {
  if (type !== 1 && type !== 2) return null;
  const body = wire.subarray(1);
  const items = readList(body);
  if (items.length !== typedItems[type]) return null;
  const [chainId, nonce, ...rest] = items;
  const priorityFee = integer(rest[0], 32);
  const fees = type === 1 ? rest.slice(0, 1) : rest.slice(0, 2);
  const [gasLimit, to, value, data, accessList] = rest.slice(fees.length);
  const parity = integer(items.at(-signatureItems), 1);
  if (parity > 1n) return null;
  return {
    type, chainId: integer(chainId, 8), ...amounts({ nonce, gasLimit, to, value, data }), gasPrice: integer(fees.at(-1), 32), priorityFee,
    listed: listed(accessList), parity: Number(parity), signature: signatureOf(items), payload: Buffer.concat([Buffer.of(type), listOf(unsigned(body, items))]),
  };
}

interface Amounts { readonly nonce: Item | undefined; readonly gasLimit: Item | undefined; readonly to: Item | undefined; readonly value: Item | undefined; readonly data: Item | undefined }

function amounts({ nonce, gasLimit, to, value, data }: Amounts): Pick<SignedFields, 'nonce' | 'gasLimit' | 'to' | 'value' | 'data'> {
  const target = bytes(to);
  if (target.length !== 0 && target.length !== 20) throw new RangeError('not an address');
  return { nonce: integer(nonce, 8), gasLimit: integer(gasLimit, 8), to: target.length === 0 ? null : target, value: integer(value, 32), data: bytes(data) };
}

/** The bytes of the list's items but for the last three, as they stand. */
function unsigned(list: Uint8Array, items: readonly Item[]): Uint8Array {
  const tail = items.slice(-signatureItems).reduce<number>((sum, item) => sum + encodedLength(bytes(item)), 0);
  const [first = 0] = list;
  const header = first <= 0xf7 ? 1 : 1 + first - 0xf7;
  return list.subarray(header, list.length - tail);
}

function encodedLength(item: Uint8Array): number {
  return item.length === 1 && (item[0] ?? 0) < 0x80 ? 1 : item.length + 1;
}

/** What EIP-155 adds to what is signed: the chain's id and two zeros. */
function ofChain(chainId: bigint): Uint8Array {
  return Buffer.concat([RLP.encode(chainId), Buffer.of(0x80, 0x80)]);
}

function listOf(...content: readonly Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, part) => sum + part.length, 0);
  if (size < 56) return Buffer.concat([Buffer.of(0xc0 + size), ...content]);
  const digits = size.toString(16);
  const length = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Buffer.of(0xf7 + length.length), length, ...content]);
}

function signatureOf(items: readonly Item[]): Uint8Array {
  const both = Buffer.alloc(64);
  const [r, s] = items.slice(-2).map((item) => bytes(item));
  for (const [part, end] of [[r, 32], [s, 64]] as const) {
    if (part === undefined || part.length === 0 || part.length > 32 || part[0] === 0) throw new RangeError('no signature');
    both.set(part, end - part.length);
  }
  return both;
}

function listed(item: Item | undefined): SignedFields['listed'] {
  if (!Array.isArray(item)) throw new RangeError('not an access list');
  let slots = 0;
  for (const entry of item as readonly Item[]) {
    if (!Array.isArray(entry) || entry.length !== 2 || bytes(entry[0] as Item).length !== 20 || !Array.isArray(entry[1])) throw new RangeError('not an access list');
    for (const slot of entry[1] as readonly Item[]) if (bytes(slot).length !== 32) throw new RangeError('not an access list');
    slots += (entry[1] as readonly Item[]).length;
  }
  return { addresses: item.length, slots };
}

function bytes(item: Item | undefined): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new RangeError('not bytes');
  return item;
}

function integer(item: Item | undefined, most: number): bigint {
  const digits = bytes(item);
  if (digits.length > most || digits[0] === 0) throw new RangeError('not an integer');
  if (digits.length <= smallBytes) return BigInt(digits.reduce((value, byte) => value * 256 + byte, 0));
  return BigInt(`0x${Buffer.from(digits.buffer, digits.byteOffset, digits.length).toString('hex')}`);
}
