// Receipt and summary forms: OLYMPUS.md section 3, rule 11.
import { decodeRlp, encodeRlp, keccak256 } from 'ethers';
import { Fault } from '@oort/kernel-wire';
import { integerHex } from './hex';
import type { Address, Hash, Hex } from './hex';

export interface Log {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

/** Of no logs at all. */
export const emptyBloom: Hex = `0x${'00'.repeat(256)}`;

/** What the receipts root commits to for one link. */
export interface ReceiptCore {
  readonly status: 0 | 1;
  readonly gasUsed: bigint;
  readonly bloom: Hex;
  readonly logs: readonly Log[];
}

/** Status 1 of a *block* says that it is the second with its root (rule 9). */
export interface SummaryParts {
  readonly blockHash: Hash;
  readonly previousSummary: Hash;
  readonly parentSummaries: readonly Hash[];
  readonly receiptsRoot: Hash;
  readonly skipSummaries: readonly Hash[];
  readonly status: 0 | 1;
  readonly stableIndex: number;
  readonly timestamp: number;
}

export class MalformedReceipt extends Fault {
  constructor(reason: string) {
    super('MALFORMED_RECEIPT', reason);
  }
}

/** Written out by hand, because most receipts have no logs and a block has many of them. */
export function encodeReceipt({ status, gasUsed, bloom, logs }: ReceiptCore): Hex {
  const content = `${status === 1 ? '01' : '80'}${encodeRlp(integerHex(gasUsed)).slice(2)}b90100${bloom.slice(2)}${listDigits(logs.map(logDigits).join(''))}`;
  return `0x${listDigits(content)}`;
}

/** An address and topics have a length of one byte each; data may have any. */
function logDigits({ address, topics, data }: Log): string {
  const encodedTopics = topics.map((topic) => `a0${topic.slice(2)}`).join('');
  return listDigits(`94${address.slice(2)}${listDigits(encodedTopics)}${encodeRlp(data).slice(2)}`);
}

/** RLP of a list whose encoded items are these digits (Yellow Paper, appendix B). */
function listDigits(items: string): string {
  const size = items.length / 2;
  if (size < 56) return `${(0xc0 + size).toString(16)}${items}`;
  const length = integerHex(size).slice(2);
  return `${(0xf7 + length.length / 2).toString(16)}${length}${items}`;
}

export function decodeReceipt(wire: Hex): ReceiptCore {
  const items = listOf(decodeRlp(wire));
  const [status, gasUsed, bloom, logs] = items;
  if (items.length !== 4 || (status !== '0x' && status !== '0x01')) throw new MalformedReceipt('not a receipt');
  return {
    status: status === '0x01' ? 1 : 0,
    gasUsed: gasUsed === '0x' ? 0n : BigInt(text(gasUsed)),
    bloom: text(bloom),
    logs: listOf(logs).map((log) => {
      const [address, topics, data] = listOf(log);
      return { address: text(address), topics: listOf(topics).map(text), data: text(data) };
    }),
  };
}

export function encodeSummary(parts: SummaryParts): Hex {
  return encodeRlp([
    parts.blockHash, parts.previousSummary, [...parts.parentSummaries], parts.receiptsRoot, [...parts.skipSummaries],
    integerHex(parts.status), integerHex(parts.stableIndex), integerHex(parts.timestamp),
  ]);
}

export function summaryHash(parts: SummaryParts): Hash {
  return keccak256(encodeSummary(parts));
}

function listOf(item: unknown): readonly unknown[] {
  if (!Array.isArray(item)) throw new MalformedReceipt('a list is missing');
  return item;
}

function text(item: unknown): string {
  if (typeof item !== 'string') throw new MalformedReceipt('bytes are missing');
  return item;
}
