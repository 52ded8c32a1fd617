// The ordered trie of a block's receipts: key rlp(position of the link), value the receipt (Yellow Paper, 4.3.1).
import { createMerkleProof, createMPT } from '@ethereumjs/mpt';
import type { MerklePatriciaTrie } from '@ethereumjs/mpt';
import { RLP } from '@ethereumjs/rlp';
import { hexlify } from 'ethers';
import type { Hash, Hex } from '@oort/ledger-chain';
import { bytesOf } from './machine';
import { orderedTrieRoot } from './ordered-trie';

export const emptyReceiptsRoot: Hash = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';

/** Takes the encoded receipts: of links, then of approves, then the epoch's own (rule 11). */
export function receiptsRoot(receipts: readonly Hex[]): Hash {
  return receipts.length === 0 ? emptyReceiptsRoot : orderedTrieRoot(receipts.map(bytesOf));
}

/** The trie nodes from the root to the receipt at `position`. */
export async function receiptProof(receipts: readonly Hex[], position: number): Promise<Hex[]> {
  return (await createMerkleProof(await trieOf(receipts), RLP.encode(position))).map((node) => hexlify(node));
}

async function trieOf(receipts: readonly Hex[]): Promise<MerklePatriciaTrie> {
  const trie = await createMPT();
  for (const [position, receipt] of receipts.entries()) await trie.put(RLP.encode(position), bytesOf(receipt));
  return trie;
}
