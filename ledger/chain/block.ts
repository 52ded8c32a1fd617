// A block's wire form is the RLP list of ten of OLYMPUS.md section 2:
//   [from, previous, parents, links, approves, last_summary, last_summary_block, last_stable_block, exec_timestamp, signature]
// Its hash covers the first nine; the signature is r(32) s(32) v(1, 0 or 1) over that hash.
import { RLP } from '@ethereumjs/rlp';
import { Fault } from '@oort/kernel-wire';
import { addressOfKey, isLow, recoverKey, signHash } from './curve';
import { integerHex } from './hex';
import { keccakHex } from './keccak';
import type { Address, Hash, Hex } from './hex';

export interface BlockBody {
  readonly from: Address;
  readonly previous: Hash;
  readonly parents: readonly Hash[];
  readonly links: readonly Hash[];
  readonly approves: readonly Hash[];
  readonly lastSummary: Hash;
  readonly lastSummaryBlock: Hash;
  readonly lastStableBlock: Hash;
  /** Unix seconds. */
  readonly timestamp: number;
}

export interface Block extends BlockBody {
  readonly hash: Hash;
  readonly signature: Hex;
}

export class MalformedBlock extends Fault {
  constructor(reason: string) {
    super('MALFORMED_BLOCK', `not a block: ${reason}`, { reason });
  }
}

export function blockHash(body: BlockBody): Hash {
  return keccakHex(Buffer.from(listOf(bodyContent(body)).slice(2), 'hex'));
}

export function signBlock(body: BlockBody, privateKey: Hex): Block {
  const hash = blockHash(body);
  const { r, s, yParity } = signHash(hash, privateKey);
  return { ...body, hash, signature: `${r}${s.slice(2)}0${yParity}` };
}

/** Null where the 65 bytes are no signature at all. Cost: one curve recovery, 0.07 ms natively and 2 ms in JavaScript. */
export function recoverAuthor(hash: Hash, signature: Hex): Address | null {
  const v = signature.slice(130);
  if (v !== '00' && v !== '01') return null;
  const bytes = Buffer.from(signature.slice(2, 130), 'hex');
  const key = isLow(bytes) ? recoverKey(Buffer.from(hash.slice(2), 'hex'), bytes, v === '00' ? 0 : 1) : null;
  return key === null ? null : addressOfKey(key);
}

export function encodeBlock(block: Block): Hex {
  return listOf(`${bodyContent(block)}${bytesItem(block.signature)}`);
}

/** Refuses every encoding but the canonical one, so that one block has one wire form and one hash. */
export function decodeBlock(wire: Hex): Block {
  const items = list(parsed(wire), 'the block');
  if (items.length !== 10) throw new MalformedBlock(`${items.length} items instead of 10`);
  const body: BlockBody = {
    from: bytes(items[0], 20, 'from'),
    previous: bytes(items[1], 32, 'previous'),
    parents: hashes(items[2], 'parents'),
    links: hashes(items[3], 'links'),
    approves: hashes(items[4], 'approves'),
    lastSummary: bytes(items[5], 32, 'last_summary'),
    lastSummaryBlock: bytes(items[6], 32, 'last_summary_block'),
    lastStableBlock: bytes(items[7], 32, 'last_stable_block'),
    timestamp: seconds(items[8]),
  };
  const block = { ...body, hash: blockHash(body), signature: bytes(items[9], 65, 'signature') };
  if (encodeBlock(block) !== wire.toLowerCase()) throw new MalformedBlock('not the canonical encoding');
  return block;
}

/** RLP as hexadecimal text: a block is mostly hashes, which are text already. */
function bodyContent(body: BlockBody): string {
  return [
    bytesItem(body.from), bytesItem(body.previous), hashList(body.parents), hashList(body.links), hashList(body.approves),
    bytesItem(body.lastSummary), bytesItem(body.lastSummaryBlock), bytesItem(body.lastStableBlock), integerItem(body.timestamp),
  ].join('');
}

/** Of 20, 32 or 65 bytes. */
function bytesItem(hex: Hex): string {
  const length = (hex.length - 2) / 2;
  return `${length < 56 ? (0x80 + length).toString(16) : `b8${length.toString(16)}`}${hex.slice(2)}`;
}

function hashList(items: readonly Hash[]): string {
  return listOf(items.map((hash) => `a0${hash.slice(2)}`).join('')).slice(2);
}

function integerItem(value: number): string {
  const hex = integerHex(value).slice(2);
  return value > 0 && value < 0x80 ? hex : `${(0x80 + hex.length / 2).toString(16)}${hex}`;
}

function listOf(content: string): Hex {
  const length = content.length / 2;
  if (length < 56) return `0x${(0xc0 + length).toString(16)}${content}`;
  const size = integerHex(length).slice(2);
  return `0x${(0xf7 + size.length / 2).toString(16)}${size}${content}`;
}

type Item = Uint8Array | readonly Item[];

function parsed(wire: Hex): Item {
  try {
    return RLP.decode(Buffer.from(wire.slice(2), 'hex'));
  } catch {
    throw new MalformedBlock('not RLP');
  }
}

function list(item: Item | undefined, name: string): readonly Item[] {
  if (!Array.isArray(item)) throw new MalformedBlock(`${name} is not a list`);
  return item as readonly Item[];
}

function bytes(item: Item | undefined, length: number, name: string): Hex {
  if (!(item instanceof Uint8Array) || item.length !== length) throw new MalformedBlock(`${name} is not ${length} bytes`);
  return hexOf(item);
}

function hashes(item: Item | undefined, name: string): readonly Hash[] {
  return list(item, name).map((each) => bytes(each, 32, name));
}

function seconds(item: Item | undefined): number {
  if (!(item instanceof Uint8Array) || item.length > 6) throw new MalformedBlock('exec_timestamp is not a time');
  return item.length === 0 ? 0 : Number(BigInt(hexOf(item)));
}

function hexOf(value: Uint8Array): Hex {
  return `0x${Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex')}`;
}
