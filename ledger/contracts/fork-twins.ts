// A witness that forks wherever it is asked to: for tests.
import { id } from 'ethers';
import { encodeBlock, recoverAuthor, signBlock, type Address, type BlockBody, type Hex } from '@oort/ledger-chain';

const key = `0x${'31'.repeat(32)}`;
const body: BlockBody = {
  from: `0x${'00'.repeat(20)}`, previous: id('previous'), parents: [id('previous'), id('parent')], links: [id('link')], approves: [],
  lastSummary: id('summary'), lastSummaryBlock: id('block'), lastStableBlock: id('block'), timestamp: 1_800_000_000,
};

export const forker: Address = addressOf(key);

/** The wire form of a block; another author only where the key is told too. */
export function forkerBlock(changes: Partial<BlockBody> = {}, signer: Hex = key): Hex {
  return encodeBlock(signBlock({ ...body, from: addressOf(signer), ...changes }, signer));
}

/** Two blocks on the previous one of this number. */
export function forkTwins(deed: number, third = false): readonly [Hex, Hex] {
  const previous = id(`previous ${deed}`);
  return [forkerBlock({ previous }), forkerBlock({ previous, timestamp: third ? 2 : 1 })];
}

function addressOf(signer: Hex): Address {
  const { hash, signature } = signBlock(body, signer);
  return recoverAuthor(hash, signature) ?? body.from;
}
