// The published block of the one-witness test network goes through every rule with W = 1 (OLYMPUS.md section 2).
import { decodeBlock, encodeBlock, localParameters, recoverAuthor, zeroAddress, zeroHash } from '@oort/ledger-chain';
import type { Block } from '@oort/ledger-chain';
import type { Entry, Surroundings } from './entry';
import { validateBlock } from './validate';

const genesisHash = '0x515e804b8c449fa2972ad9f649b47b84b3e70e4f49514f65bccb9ee13feb4090';
const vector: Block = {
  from: '0x49a1b41e8ccb704f5c069ef89b08cd33f764e9b3', previous: zeroHash, parents: [genesisHash],
  links: ['0x87d21d3187b2e7a8ed85fb1a2e8f0f7b54ef8e02aa99fffbb7e7377e246bb7df'], approves: [],
  lastSummary: '0x37b7ce47c8af3f10922e687e514b673b46c1a5f6e05c01cc70ac338cf296b3b1',
  lastSummaryBlock: genesisHash, lastStableBlock: genesisHash, timestamp: 1701072715,
  hash: '0x7763f7c4ebb4301a71ab27ba5d42cbe4cb7eb71eaba479a50f9b888c8017ced8',
  signature: '0xcd93ff58377425095e5caaad28bd25f93998dd5736580a80582921dce6a5f6044fc9946df0fd4e320b93ad60f7cbb2ddea4b90d8e993914f771edb9fe51d9fcb00',
};
// The genesis of that network is known by its hash only; of its fields the rules ask for the time alone.
const genesis: Entry = {
  hash: genesisHash, level: 0, witnessedLevel: 0, bestParent: null,
  block: { ...vector, hash: genesisHash, from: zeroAddress, parents: [], links: [], timestamp: 1701072000 },
};
const around: Surroundings = {
  parameters: localParameters({ witnessCount: 1 }),
  entry: (hash) => (hash === genesisHash ? genesis : undefined),
  transaction: () => ({ from: `0x${'aa'.repeat(20)}`, nonce: 0 }),
  hasApprove: () => false,
  summary: (hash) => (hash === genesisHash ? vector.lastSummary : undefined),
  witnesses: () => [vector.from],
  now: () => vector.timestamp + 1,
};
const recover = (block: Block): string | null => recoverAuthor(block.hash, block.signature);

test('it is valid as printed', () => {
  const block = decodeBlock(encodeBlock(vector));
  expect(validateBlock(block, around, recover)).toEqual({
    kind: 'valid', entry: { hash: vector.hash, block: vector, level: 1, witnessedLevel: 1, bestParent: genesisHash },
  });
});

const other = `0x${'5a'.repeat(32)}`;
test.each<[string, Partial<Block>]>([
  ['from', { from: '0x49a1b41e8ccb704f5c069ef89b08cd33f764e9b2' }],
  ['previous', { previous: other, parents: [other] }],
  ['parents', { parents: [other] }],
  ['links', { links: [other] }],
  ['approves', { approves: [other] }],
  ['last_summary', { lastSummary: other }],
  ['last_summary_block', { lastSummaryBlock: other }],
  ['last_stable_block', { lastStableBlock: other }],
  ['exec_timestamp', { timestamp: vector.timestamp + 1 }],
])('with another %s its hash is another, and nobody has signed that', (_field, change) => {
  const changed = decodeBlock(encodeBlock({ ...vector, ...change }));
  expect(changed.hash).not.toBe(vector.hash);
  expect(validateBlock(changed, around, recover)).toMatchObject({ kind: 'invalid', refusal: { code: 'SIGNATURE_NOT_OF_AUTHOR' } });
});

test('with one bit of its signature changed nobody has signed it', () => {
  for (const at of [3, 70, 131]) {
    const flipped = (parseInt(vector.signature[at] ?? '0', 16) ^ 1).toString(16);
    const changed = { ...vector, signature: `${vector.signature.slice(0, at)}${flipped}${vector.signature.slice(at + 1)}` };
    expect(validateBlock(changed, around, recover)).toMatchObject({ kind: 'invalid', refusal: { code: 'SIGNATURE_NOT_OF_AUTHOR' } });
  }
});
