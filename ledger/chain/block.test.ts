import { Wallet } from 'ethers';
import { blockHash, decodeBlock, encodeBlock, MalformedBlock, recoverAuthor, signBlock } from './block';
import type { BlockBody } from './block';
import { zeroHash } from './hex';

// OLYMPUS.md section 2: the first block of the one-witness test network after its genesis.
const genesis = '0x515e804b8c449fa2972ad9f649b47b84b3e70e4f49514f65bccb9ee13feb4090';
const vector: BlockBody = {
  from: '0x49a1b41e8ccb704f5c069ef89b08cd33f764e9b3',
  previous: zeroHash,
  parents: [genesis],
  links: ['0x87d21d3187b2e7a8ed85fb1a2e8f0f7b54ef8e02aa99fffbb7e7377e246bb7df'],
  approves: [],
  lastSummary: '0x37b7ce47c8af3f10922e687e514b673b46c1a5f6e05c01cc70ac338cf296b3b1',
  lastSummaryBlock: genesis,
  lastStableBlock: genesis,
  timestamp: 1701072715,
};
const hash = '0x7763f7c4ebb4301a71ab27ba5d42cbe4cb7eb71eaba479a50f9b888c8017ced8';
const signature =
  '0xcd93ff58377425095e5caaad28bd25f93998dd5736580a80582921dce6a5f604' +
  '4fc9946df0fd4e320b93ad60f7cbb2ddea4b90d8e993914f771edb9fe51d9fcb00';

describe('the block of the test network (OLYMPUS.md section 2)', () => {
  test('has the hash that its documentation prints', () => expect(blockHash(vector)).toBe(hash));
  test('was signed by its author', () => expect(recoverAuthor(hash, signature)).toBe(vector.from));
  test('is not signed by the other signature that anybody can make of that one', () => {
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const high = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0');
    expect(recoverAuthor(hash, `${signature.slice(0, 66)}${high}01`)).toBeNull();
  });
  test('survives the wire', () => {
    const block = { ...vector, hash, signature };
    expect(decodeBlock(encodeBlock(block))).toEqual(block);
  });
});

describe('signing', () => {
  const wallet = Wallet.createRandom();
  const body = { ...vector, from: wallet.address.toLowerCase() };

  test('yields a signature from which the author comes back', () => {
    const block = signBlock(body, wallet.privateKey);
    expect(block.signature).toHaveLength(132);
    expect(recoverAuthor(block.hash, block.signature)).toBe(body.from);
  });

  test('a v other than 0 and 1 is no signature', () => {
    expect(recoverAuthor(hash, `${signature.slice(0, -2)}1b`)).toBeNull();
  });
});

describe('the wire form refuses', () => {
  const wire = encodeBlock({ ...vector, hash, signature });
  test.each([
    ['bytes that are not RLP', '0xff'],
    ['a string', '0x83616263'],
    ['too few items', '0xc3010203'],
    ['bytes behind the end', `${wire}00`],
    ['a missing byte', wire.slice(0, -2)],
  ])('%s', (_name, bytes) => expect(() => decodeBlock(bytes)).toThrow(MalformedBlock));
});
