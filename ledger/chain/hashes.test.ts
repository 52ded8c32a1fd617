// Every hash of OLYMPUS.md sections 2 and 3, built a second time field by field: by an RLP written here from the Yellow Paper
// (appendix B), over bytes and not over our encoders.
import { SigningKey, Wallet, getBytes, hexlify, keccak256 } from 'ethers';
import { approveSigningHash, encodeApproveReceipt, parseApprove, signApprove } from './approve';
import { blockHash, encodeBlock, signBlock } from './block';
import type { BlockBody } from './block';
import { encodeReceipt, summaryHash } from './receipt';

type Item = Uint8Array | readonly Item[];

function rlp(item: Item): Uint8Array {
  if (item instanceof Uint8Array) {
    return item.length === 1 && item[0]! < 0x80 ? item : Uint8Array.from([...head(item.length, 0x80), ...item]);
  }
  const payload = item.flatMap((each) => [...rlp(each)]);
  return Uint8Array.from([...head(payload.length, 0xc0), ...payload]);
}

function head(length: number, offset: number): number[] {
  if (length < 56) return [offset + length];
  const digits = [...number(length)];
  return [offset + 55 + digits.length, ...digits];
}

/** Big-endian, no leading zero; zero is empty. */
function number(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = BigInt(value); rest > 0n; rest >>= 8n) bytes.unshift(Number(rest & 255n));
  return Uint8Array.from(bytes);
}

const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
const word = (byte: number): Uint8Array => fill(byte, 32);
const hash = (item: Item): string => keccak256(rlp(item));
const wallet = new Wallet(`0x${'51'.repeat(32)}`);

test('a block: nine fields are hashed, the tenth is the signature over that hash', () => {
  const body: BlockBody = {
    from: wallet.address.toLowerCase(), previous: hexlify(word(1)), parents: [1, 2].map((each) => hexlify(word(each))),
    links: [3, 4, 5].map((each) => hexlify(word(each))), approves: [hexlify(word(6))], lastSummary: hexlify(word(7)),
    lastSummaryBlock: hexlify(word(8)), lastStableBlock: hexlify(word(9)), timestamp: 1_701_072_715,
  };
  const nine: Item[] = [
    getBytes(wallet.address), word(1), [word(1), word(2)], [word(3), word(4), word(5)], [word(6)], word(7), word(8), word(9),
    number(1_701_072_715),
  ];
  expect(blockHash(body)).toBe(hash(nine));
  const block = signBlock(body, wallet.privateKey);
  const { r, s, yParity } = new SigningKey(wallet.privateKey).sign(hash(nine));
  expect(encodeBlock(block)).toBe(hexlify(rlp([...nine, Uint8Array.from([...getBytes(r), ...getBytes(s), yParity])])));
});

test('an approve: signed over [epoch, proof, chain id, 0, 0], hashed as [epoch, proof, v, r, s]', () => {
  const ticket = { epoch: 300, proof: hexlify(fill(7, 81)) };
  const signed = hash([number(300), fill(7, 81), number(970), number(0), number(0)]);
  expect(approveSigningHash(ticket, 970)).toBe(signed);
  const { r, s, yParity } = new SigningKey(wallet.privateKey).sign(signed);
  const five = [number(300), fill(7, 81), number(970 * 2 + 35 + yParity), number(BigInt(r)), number(BigInt(s))];
  const raw = signApprove(ticket, 970, wallet.privateKey);
  expect(raw).toBe(hexlify(rlp(five)));
  expect(parseApprove(raw, 970)).toMatchObject({ ...ticket, hash: hash(five), from: wallet.address.toLowerCase() });
});

test.each([
  ['another chain', signApprove({ epoch: 1, proof: hexlify(fill(7, 81)) }, 971, wallet.privateKey)],
  ['a short proof', signApprove({ epoch: 1, proof: hexlify(fill(7, 80)) }, 970, wallet.privateKey)],
  ['bytes behind the end', `${signApprove({ epoch: 1, proof: hexlify(fill(7, 81)) }, 970, wallet.privateKey)}00`],
  ['a leading zero', hexlify(rlp([Uint8Array.of(0, 1), fill(7, 81), number(1975), word(1), word(2)]))],
  ['the higher s', hexlify(rlp([number(1), fill(7, 81), number(1975), word(1), fill(255, 32)]))],
  ['a list in it', hexlify(rlp([number(1), [fill(7, 81)], number(1975), word(1), word(2)]))],
  ['no RLP', '0xff'],
])('no approve: %s', (_name, raw) => expect(parseApprove(raw, 970)).toBeNull());

test('a receipt is [status, own gas, bloom, logs], an approve\'s [status, from, output]', () => {
  const logs = [{ address: hexlify(fill(1, 20)), topics: [hexlify(word(2))], data: '0x0304' }];
  expect(encodeReceipt({ status: 1, gasUsed: 21_000n, bloom: hexlify(fill(0, 256)), logs }))
    .toBe(hexlify(rlp([number(1), number(21_000), fill(0, 256), [[fill(1, 20), [word(2)], Uint8Array.of(3, 4)]]])));
  expect(encodeApproveReceipt({ status: 0, from: hexlify(fill(5, 20)), output: hexlify(word(0)) }))
    .toBe(hexlify(rlp([number(0), fill(5, 20), word(0)])));
});

test('a summary hashes block, previous, parents, receipts root, skip list, status, stable index and time', () => {
  const parts = {
    blockHash: hexlify(word(1)), previousSummary: hexlify(word(2)), parentSummaries: [3, 4].map((each) => hexlify(word(each))),
    receiptsRoot: hexlify(word(5)), skipSummaries: [hexlify(word(6))], status: 1 as const, stableIndex: 77, timestamp: 1_700_625_600,
  };
  expect(summaryHash(parts)).toBe(hash([
    word(1), word(2), [word(3), word(4)], word(5), [word(6)], number(1), number(77), number(1_700_625_600),
  ]));
});
