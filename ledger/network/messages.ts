// What peers say to each other. On the wire a message is
//   u32 length of what follows, big-endian | u8 kind | body
// Blocks, transactions and approves are their own bytes; everything else is JSON.
import { Fault, type Json } from '@oort/kernel-wire';

export const protocolVersion = 3;
export const largestMessage = 4 * 1024 * 1024;

export interface Hello {
  readonly version: number;
  readonly chainId: number;
  readonly genesis: string;
  /** Where others may connect, or null. */
  readonly address: string | null;
}

export type Message =
  | { readonly kind: 'hello' } & Hello
  | { readonly kind: 'block' | 'transaction' | 'approve'; readonly bytes: Buffer }
  /** What is newest here: tips of the DAG, pending transactions and approves, and the next stable index. */
  | { readonly kind: 'tips'; readonly tips: readonly string[]; readonly pending: readonly string[]; readonly nextIndex: number }
  /** Transactions that came from others: whoever lacks one asks for it. */
  | { readonly kind: 'have'; readonly hashes: readonly string[] }
  | { readonly kind: 'get'; readonly hashes: readonly string[] }
  /** Asks for what became stable from this index on. */
  | { readonly kind: 'history'; readonly from: number }
  /** Blocks in their final order, each behind the transactions and approves that it lists. */
  | { readonly kind: 'page'; readonly from: number; readonly next: number; readonly items: readonly Carried[] }
  /** Asks for an outline of what became stable behind this MCI. */
  | { readonly kind: 'outline-of'; readonly mci: number }
  /** Encoded summaries, each within the next, and the signed blocks that cite the last of them; none of both where nothing can be shown. */
  | { readonly kind: 'outline'; readonly mci: number; readonly summaries: readonly string[]; readonly citations: readonly string[] }
  | { readonly kind: 'peers'; readonly addresses: readonly string[] }
  | { readonly kind: 'bye'; readonly code: string };

export type Carried = Extract<Message, { readonly bytes: Buffer }>;

export class MalformedMessage extends Fault {
  constructor(why: string) { super('MALFORMED_MESSAGE', `not a message of a peer: ${why}`); }
}

const kinds = ['hello', 'block', 'transaction', 'approve', 'tips', 'get', 'history', 'page', 'peers', 'bye', 'outline-of', 'outline', 'have'] as const;
export const mostHashes = 4096;
const hashBytes = 32;
const mostPeers = 64;
const mostSummaries = 1024;

export function encodeMessage(message: Message): Buffer {
  const body = bodyOf(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + 1);
  head.writeUInt8(kinds.indexOf(message.kind), 4);
  return Buffer.concat([head, body]);
}

function bodyOf(message: Message): Buffer {
  if ('bytes' in message) return message.bytes;
  if (message.kind === 'page') {
    const range = Buffer.alloc(8);
    range.writeUInt32BE(message.from);
    range.writeUInt32BE(message.next, 4);
    return Buffer.concat([range, ...message.items.map(encodeMessage)]);
  }
  if (message.kind === 'have') return Buffer.from(message.hashes.map((each) => each.slice(2)).join(''), 'hex');
  const { kind: _, ...members } = message;
  return Buffer.from(JSON.stringify(members));
}

/** Of the bytes behind the length. Throws MalformedMessage. */
export function decodeMessage(bytes: Buffer): Message {
  const kind = kinds[bytes[0] ?? 255];
  if (kind === undefined) throw new MalformedMessage(`kind ${String(bytes[0])}`);
  const body = bytes.subarray(1);
  switch (kind) {
    case 'block':
    case 'transaction':
    case 'approve': return { kind, bytes: body };
    case 'have': return { kind, hashes: hashesIn(body) };
    case 'page': {
      if (body.length < 8) throw new MalformedMessage('a page without a range');
      return { kind, from: body.readUInt32BE(), next: body.readUInt32BE(4), items: itemsOf(body.subarray(8)) };
    }
    case 'hello':
    case 'tips':
    case 'get':
    case 'history':
    case 'peers':
    case 'outline-of':
    case 'outline':
    case 'bye': return plain(kind, membersOf(body));
  }
}

function hashesIn(body: Buffer): readonly string[] {
  if (body.length % hashBytes !== 0 || body.length > mostHashes * hashBytes) throw new MalformedMessage('no list of hashes');
  return Array.from({ length: body.length / hashBytes }, (_, at) => `0x${body.toString('hex', at * hashBytes, (at + 1) * hashBytes)}`);
}

function itemsOf(bytes: Buffer): readonly Carried[] {
  const items: Carried[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < 5) throw new MalformedMessage('a page that ends inside an item');
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new MalformedMessage('a page that ends inside an item');
    const item = decodeMessage(bytes.subarray(at + 4, end));
    if (!('bytes' in item)) throw new MalformedMessage(`a page with ${item.kind}`);
    items.push(item);
    at = end;
  }
  return items;
}

type Members = Readonly<Record<string, Json | undefined>>;

function membersOf(body: Buffer): Members {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  } catch {
    // Told below.
  }
  throw new MalformedMessage('not a JSON object');
}

function plain(kind: Exclude<Message['kind'], 'block' | 'transaction' | 'approve' | 'page' | 'have'>, members: Members): Message {
  switch (kind) {
    case 'hello': return {
      kind, version: count(members, 'version'), chainId: count(members, 'chainId'), genesis: hash(members['genesis']),
      address: members['address'] == null ? null : address(members['address']),
    };
    case 'tips': return { kind, tips: hashes(members, 'tips'), pending: hashes(members, 'pending'), nextIndex: count(members, 'nextIndex') };
    case 'get': return { kind, hashes: hashes(members, 'hashes') };
    case 'history': return { kind, from: count(members, 'from') };
    case 'peers': return { kind, addresses: listed(members, 'addresses', mostPeers).map(address) };
    case 'outline-of': return { kind, mci: count(members, 'mci') };
    case 'outline': return {
      kind, mci: count(members, 'mci'), summaries: listed(members, 'summaries', mostSummaries).map(hex), citations: listed(members, 'citations', mostPeers).map(hex),
    };
    case 'bye': return { kind, code: String(members['code']).slice(0, 64) };
  }
}

function count(members: Members, name: string): number {
  const value = members[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new MalformedMessage(`${name} is no count`);
  return value;
}

function listed(members: Members, name: string, most: number): readonly Json[] {
  const value = members[name];
  if (!Array.isArray(value) || value.length > most) throw new MalformedMessage(`${name} is no list of at most ${most}`);
  return value as readonly Json[];
}

function hashes(members: Members, name: string): readonly string[] {
  return listed(members, name, mostHashes).map(hash);
}

function hash(value: Json | undefined): string {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/.test(value)) throw new MalformedMessage('a hash that is none');
  return value;
}

function hex(value: Json | undefined): string {
  if (typeof value !== 'string' || !/^0x(?:[0-9a-f]{2})+$/.test(value)) throw new MalformedMessage('bytes that are none');
  return value;
}

function address(value: Json): string {
  if (typeof value !== 'string' || !/^[\w.:[\]-]{1,255}:\d{1,5}$/.test(value)) throw new MalformedMessage('an address that is none');
  return value;
}
