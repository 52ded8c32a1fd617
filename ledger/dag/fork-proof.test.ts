import { encodeBlock, recoverAuthor, signBlock, zeroHash } from '@oort/ledger-chain';
import type { BlockBody } from '@oort/ledger-chain';
import { checkForkProof } from './fork-proof';
import { World } from './world';

const [forker, stranger] = [`0x${'31'.repeat(32)}`, `0x${'32'.repeat(32)}`];
const draft = new World().draft(0);
const signed = signBlock(draft, forker);
const body: BlockBody = { ...draft, from: recoverAuthor(signed.hash, signed.signature)! };
const sign = (changes: Partial<BlockBody>, key = forker): string =>
  encodeBlock(signBlock({ ...body, ...changes }, key));
const one = sign({});
const twin = sign({ timestamp: body.timestamp + 1 });

test('two blocks of one author on one previous are proof, in whatever order they are shown', () => {
  const proof = checkForkProof(one, twin);
  expect(proof).toMatchObject({ proven: { author: body.from } });
  expect(checkForkProof(twin, one)).toEqual(proof);
});

test.each([
  ['NOT_A_BLOCK', one, '0x01'],
  ['SAME_BLOCK_TWICE', one, one],
  ['ROOTS_DIFFER', one, sign({ previous: `0x${'ab'.repeat(32)}` })],
  ['ROOTS_DIFFER', one, sign({ from: `0x${'ab'.repeat(20)}`, previous: zeroHash })],
  ['SIGNATURE_NOT_OF_AUTHOR', one, sign({ timestamp: body.timestamp + 2 }, stranger)],
])('%s', (code, a, b) => expect(checkForkProof(a, b)).toMatchObject({ refused: { code } }));
