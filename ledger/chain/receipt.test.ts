import { encodeRlp, keccak256, toUtf8Bytes } from 'ethers';
import { decodeReceipt, emptyBloom, encodeReceipt } from './receipt';
import type { ReceiptCore } from './receipt';

const hash = (name: string): string => keccak256(toUtf8Bytes(name));
const sizes = [0, 1, 31, 32, 55, 56, 57, 255, 256, 70_000];

test('receipts written by hand are what a general coder writes, and are read back', () => {
  for (const [round, size] of sizes.entries()) {
    for (const topics of [0, 1, 2, 4]) {
      for (const first of ['00', '7f', '80', 'ff']) {
        const receipt: ReceiptCore = {
          status: round % 2 === 0 ? 1 : 0, gasUsed: BigInt(round) ** 9n, bloom: emptyBloom,
          logs: Array.from({ length: round % 4 }, (_, number) => ({
            address: hash(`${round} ${number}`).slice(0, 42), topics: Array.from({ length: topics }, (__, topic) => hash(`topic ${topic}`)),
            data: size === 0 ? '0x' : `0x${first}${'5a'.repeat(size - 1)}`,
          })),
        };
        const gas = receipt.gasUsed === 0n ? '0x' : `0x${receipt.gasUsed.toString(16).padStart(Math.ceil(receipt.gasUsed.toString(16).length / 2) * 2, '0')}`;
        const whole = encodeRlp([receipt.status === 1 ? '0x01' : '0x', gas, receipt.bloom, receipt.logs.map(({ address, topics: own, data }) => [address, [...own], data])]);
        expect(encodeReceipt(receipt)).toBe(whole);
        expect(decodeReceipt(whole)).toEqual(receipt);
      }
    }
  }
});
