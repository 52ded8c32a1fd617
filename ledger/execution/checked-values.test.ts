import { crc32 } from 'node:zlib';
import { logsBloom } from './bloom';
import { checkedReceipts } from './checked-values';
import type { ReceiptRecord } from './store';

const address = `0x${'12'.repeat(20)}` as const;
const logs = [{ address, topics: [`0x${'ab'.repeat(32)}`, `0x${'cd'.repeat(32)}`], data: '0x01' }] as const;
const receipt = (own: Pick<ReceiptRecord, 'logs' | 'bloom'>): ReceiptRecord => ({
  status: 1, gasUsed: '0x1', cumulativeGasUsed: '0x1', effectiveGasPrice: '0x1', block: `0x${'01'.repeat(32)}`, index: 1, position: 0, firstLog: 0, type: 0,
  from: address, to: address, contractAddress: null, ...own,
});
const { encode, decode } = checkedReceipts('receipts');

describe('receipts on disk', () => {
  it('are read with the bloom of their logs, which is not written', () => {
    const written = receipt({ logs, bloom: logsBloom(logs) });
    expect(decode(encode(written))).toEqual(written);
    expect(encode(written).toString()).not.toContain('"bloom"');
    expect(decode(encode(receipt({ logs: [], bloom: logsBloom([]) }))).bloom).toBe(logsBloom([]));
  });

  it('are read from before it was left out', () => {
    const before = Buffer.from(JSON.stringify(receipt({ logs, bloom: logsBloom(logs) })));
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(before));
    expect(decode(Buffer.concat([before, sum]))).toEqual(receipt({ logs, bloom: logsBloom(logs) }));
  });
});
