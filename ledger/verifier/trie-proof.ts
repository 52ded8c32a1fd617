// Walking a Merkle Patricia proof (Yellow Paper, appendix D): every node must hash to what its parent names.
import { decodeRlp, encodeRlp, keccak256 } from 'ethers';
import type { RlpStructuredData } from 'ethers';
import type { Hash, Hex } from '@oort/ledger-chain';

/** The value under `key`; null where the proof does not lead there. Never throws on hostile bytes. */
export function trieValue(root: Hash, key: Hex, proof: readonly Hex[]): Hex | null {
  try {
    return walk(root, nibblesOf(key), proof);
  } catch {
    return null;
  }
}

function walk(root: Hash, path: string, proof: readonly Hex[]): Hex | null {
  let expected: RlpStructuredData = root;
  let rest = path;
  let next = 0;
  for (;;) {
    let node: RlpStructuredData;
    if (typeof expected === 'string') {
      const encoded = proof[next];
      if (encoded === undefined || keccak256(encoded) !== expected) return null;
      next += 1;
      node = decodeRlp(encoded);
    } else {
      // A node shorter than 32 bytes stands inside its parent instead of its hash.
      node = expected;
    }
    if (!Array.isArray(node)) return null;
    if (node.length === 17) {
      if (rest === '') return bytesOf(node[16]);
      expected = childOf(node[parseInt(rest.slice(0, 1), 16)]);
      rest = rest.slice(1);
      continue;
    }
    if (node.length !== 2) return null;
    const { leaf, nibbles } = compact(node[0]);
    if (leaf) return rest === nibbles ? bytesOf(node[1]) : null;
    if (!rest.startsWith(nibbles)) return null;
    rest = rest.slice(nibbles.length);
    expected = childOf(node[1]);
  }
}

class ProofEnds extends TypeError {}

function childOf(item: RlpStructuredData | undefined): RlpStructuredData {
  if (item === undefined || item === '0x') throw new ProofEnds('the branch is empty');
  return item;
}

function bytesOf(item: RlpStructuredData | undefined): Hex | null {
  return typeof item === 'string' && item !== '0x' ? item : null;
}

/** Hex-prefix encoding: the first nibble's bit 1 marks a leaf, bit 0 an odd number of nibbles. */
function compact(item: RlpStructuredData | undefined): { readonly leaf: boolean; readonly nibbles: string } {
  if (typeof item !== 'string' || item.length < 4) throw new ProofEnds('a path is missing');
  const flag = parseInt(item.slice(2, 3), 16);
  return { leaf: (flag & 2) !== 0, nibbles: item.slice((flag & 1) === 0 ? 4 : 3) };
}

function nibblesOf(key: Hex): string {
  return key.slice(2);
}

/** The trie key of a receipt: rlp of its position among the block's links. */
export function positionKey(position: number): Hex {
  const hex = position.toString(16);
  return encodeRlp(position === 0 ? '0x' : `0x${hex.length % 2 === 0 ? hex : `0${hex}`}`);
}
