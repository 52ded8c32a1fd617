// Prover (execution, by the library's trie) and verifier (our walk) agree on every position of tries of every shape.
import { emptyReceiptsRoot, receiptProof, receiptsRoot } from '@oort/ledger-execution';
import { encodeReceipt } from '@oort/ledger-chain';
import type { ReceiptCore } from '@oort/ledger-chain';
import { positionKey, trieValue } from '@oort/ledger-verifier';

const receipts = (count: number): ReceiptCore[] => Array.from({ length: count }, (_, position) => ({
  status: (position % 2) as 0 | 1, gasUsed: BigInt(position), bloom: `0x${'00'.repeat(256)}`,
  logs: Array.from({ length: position % 3 }, () => ({ address: `0x${'ab'.repeat(20)}`, topics: [], data: '0x01' })),
}));

test.each([1, 2, 16, 17, 129, 300])('%i receipts', async (count) => {
  const all = receipts(count);
  const root = receiptsRoot(all.map(encodeReceipt));
  for (const position of new Set([0, 1, Math.floor(count / 2), count - 1].filter((each) => each < count))) {
    const proof = await receiptProof(all.map(encodeReceipt), position);
    expect(trieValue(root, positionKey(position), proof)).toBe(encodeReceipt(all[position]!));
    expect(trieValue(root, positionKey(count + 1), proof)).toBeNull();
    expect(trieValue(emptyReceiptsRoot, positionKey(position), proof)).toBeNull();
    expect(trieValue(root, positionKey(position), proof.slice(0, -1))).toBeNull();
  }
});
