// The root of the trie of a list, in which the key of each item is the RLP of its position (Yellow Paper, 4.3.1 and appendix D): built once
// from below, where a trie that takes one item after the other would hash every branch again for each.
import { RLP } from '@ethereumjs/rlp';
import { keccakBytes, keccakHex } from '@oort/ledger-chain';
import type { Hash } from '@oort/ledger-chain';

interface Leaf { readonly nibbles: Uint8Array; readonly value: Uint8Array }

const noBytes = Buffer.of(0x80);
const hashBytes = 32;

/** `values` is not empty. */
export function orderedTrieRoot(values: readonly Uint8Array[]): Hash {
  const leaves = values.map((value, position) => ({ nibbles: nibblesOf(RLP.encode(position)), value }));
  leaves.sort((a, b) => Buffer.compare(a.nibbles, b.nibbles));
  return keccakHex(nodeOf(leaves, 0));
}

/** The encoded node over these leaves, which agree in the first `depth` nibbles. No key is the beginning of another. */
function nodeOf(leaves: readonly Leaf[], depth: number): Buffer {
  const [first] = leaves;
  if (first === undefined) return noBytes;
  if (leaves.length === 1) return list([bytes(compact(first.nibbles.subarray(depth), true)), bytes(first.value)]);
  const last = leaves.at(-1) ?? first;
  let agreed = depth;
  while (first.nibbles[agreed] === last.nibbles[agreed]) agreed += 1;
  if (agreed > depth) return list([bytes(compact(first.nibbles.subarray(depth, agreed), false)), reference(nodeOf(leaves, agreed))]);
  const children = Array.from({ length: 16 }, (): Leaf[] => []);
  for (const leaf of leaves) children[leaf.nibbles[depth] ?? 0]?.push(leaf);
  return list([...children.map((below) => (below.length === 0 ? noBytes : reference(nodeOf(below, depth + 1)))), noBytes]);
}

/** A node shorter than a hash stands for itself. */
function reference(node: Buffer): Buffer {
  return node.length < hashBytes ? node : bytes(keccakBytes(node));
}

/** Hex prefix encoding (Yellow Paper, appendix C). */
function compact(nibbles: Uint8Array, isLeaf: boolean): Buffer {
  const isOdd = nibbles.length % 2 === 1;
  const flag = (isLeaf ? 2 : 0) + (isOdd ? 1 : 0);
  const padded = isOdd ? [flag, ...nibbles] : [flag, 0, ...nibbles];
  return Buffer.from(Array.from({ length: padded.length / 2 }, (_, at) => (padded[2 * at] ?? 0) * 16 + (padded[2 * at + 1] ?? 0)));
}

function nibblesOf(key: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(key.length * 2);
  for (const [at, byte] of key.entries()) {
    nibbles[2 * at] = byte >> 4;
    nibbles[2 * at + 1] = byte & 15;
  }
  return nibbles;
}

function bytes(value: Uint8Array): Buffer {
  if (value.length === 1 && (value[0] ?? 0) < 0x80) return Buffer.from(value);
  return Buffer.concat([header(value.length, 0x80), value]);
}

function list(items: readonly Buffer[]): Buffer {
  const length = items.reduce((sum, item) => sum + item.length, 0);
  return Buffer.concat([header(length, 0xc0), ...items]);
}

function header(length: number, offset: number): Buffer {
  if (length < 56) return Buffer.of(offset + length);
  const digits = length.toString(16);
  const size = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Buffer.of(offset + 55 + size.length), size]);
}
