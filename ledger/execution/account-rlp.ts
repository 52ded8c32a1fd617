// An account as it lies in the store: rlp([nonce, balance, storage root, code hash]) (Yellow Paper, 4.1). Written out by hand, because every
// transaction reads and writes several, and a general coder takes as long for one as the rest of a transfer.
import { Account } from '@ethereumjs/util';
import { Fault } from '@oort/kernel-wire';

const hashBytes = 32;
const [empty, shortString, hashHeader, shortList, longList] = [0x80, 0x80, 0xa0, 0xc0, 0xf8];
const hashes = 2 * (1 + hashBytes);

export class MalformedAccount extends Fault {
  constructor() {
    super('MALFORMED_ACCOUNT', 'the bytes are not an account');
  }
}

export function encodeAccount({ nonce, balance, storageRoot, codeHash }: Account): Buffer {
  const [first, second] = [digitsOf(nonce), digitsOf(balance)];
  const length = sizeOf(first) + sizeOf(second) + hashes;
  const wire = Buffer.allocUnsafe(2 + length);
  wire[0] = longList;
  wire[1] = length;
  let at = putInteger(wire, 2, first);
  at = putInteger(wire, at, second);
  for (const hash of [storageRoot, codeHash]) {
    wire[at] = hashHeader;
    wire.set(hash, at + 1);
    at += 1 + hashBytes;
  }
  return wire;
}

/** Hashes are views of `wire`, which must not change. */
export function decodeAccount(wire: Uint8Array): Account {
  const bytes = Buffer.from(wire.buffer, wire.byteOffset, wire.length);
  if (bytes[0] !== longList || bytes[1] !== bytes.length - 2) throw new MalformedAccount();
  const nonce = integerAt(bytes, 2);
  const balance = integerAt(bytes, nonce.end);
  const [root, code] = [balance.end, balance.end + 1 + hashBytes];
  if (bytes[root] !== hashHeader || bytes[code] !== hashHeader || code + 1 + hashBytes !== bytes.length) throw new MalformedAccount();
  return new Account(nonce.value, balance.value, bytes.subarray(root + 1, code), bytes.subarray(code + 1));
}

/** Big endian without leading zeros, in hexadecimal; nothing for 0. */
function digitsOf(value: bigint): string {
  if (value === 0n) return '';
  const digits = value.toString(16);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** Of a string: one byte below 0x80 is its own header. */
function sizeOf(digits: string): number {
  return digits.length === 2 && Number.parseInt(digits, 16) < shortString ? 1 : 1 + digits.length / 2;
}

function putInteger(wire: Buffer, at: number, digits: string): number {
  const size = sizeOf(digits);
  if (size === 1) wire[at] = digits === '' ? empty : Number.parseInt(digits, 16);
  else {
    wire[at] = shortString + digits.length / 2;
    wire.write(digits, at + 1, 'hex');
  }
  return at + size;
}

function integerAt(bytes: Buffer, at: number): { readonly value: bigint; readonly end: number } {
  const first = bytes[at] ?? shortList;
  if (first >= shortList) throw new MalformedAccount();
  if (first < shortString) return { value: BigInt(first), end: at + 1 };
  const end = at + 1 + first - shortString;
  if (end > bytes.length) throw new MalformedAccount();
  return { value: end === at + 1 ? 0n : BigInt(`0x${bytes.toString('hex', at + 1, end)}`), end };
}
