import type { Json } from '@oort/kernel-wire';
import { zeroAddress } from '@oort/ledger-chain';
import type { Address, Hash, Hex } from '@oort/ledger-chain';
import type { CallRequest } from '@oort/ledger-execution';
import { LedgerFault, invalidParams, rpcCodes } from './fault';

export type Params = readonly Json[];
type Fields = { readonly [key: string]: Json };

export function hexParam(value: Json | undefined, name: string): Hex {
  if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value)) throw invalidParams(`${name} is not 0x-hex`);
  return value.toLowerCase();
}

export function hashParam(value: Json | undefined, name: string): Hash {
  const hex = hexParam(value, name);
  if (hex.length !== 66) throw invalidParams(`${name} is not 32 bytes`);
  return hex;
}

export function addressParam(value: Json | undefined, name: string): Address {
  const hex = hexParam(value, name);
  if (hex.length !== 42) throw invalidParams(`${name} is not an address`);
  return hex;
}

export function quantityParam(value: Json | undefined, name: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)) return BigInt(value);
  throw invalidParams(`${name} is not a quantity`);
}

export function slotParam(value: Json | undefined): Hash {
  return `0x${quantityParam(value, 'storage slot').toString(16).padStart(64, '0')}`;
}

export function fieldsParam(value: Json | undefined, name: string): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidParams(`${name} is not an object`);
  return value as Fields;
}

export type BlockChoice = { readonly kind: 'number'; readonly number: number } | { readonly kind: 'hash'; readonly hash: Hash };

/** A block tag, number, hash or EIP-1898 object. What is stable is final, so latest, safe, finalized and pending are one. */
export function blockParam(value: Json | undefined, latest: number): BlockChoice {
  if (value === undefined || value === null) return { kind: 'number', number: latest };
  if (typeof value === 'object' && !Array.isArray(value)) {
    const { blockHash, blockNumber } = fieldsParam(value, 'block');
    return blockHash === undefined ? blockParam(blockNumber, latest) : { kind: 'hash', hash: hashParam(blockHash, 'block hash') };
  }
  if (value === 'latest' || value === 'safe' || value === 'finalized' || value === 'pending') {
    return { kind: 'number', number: latest };
  }
  if (value === 'earliest') return { kind: 'number', number: 0 };
  if (typeof value === 'string' && value.length === 66) return { kind: 'hash', hash: hashParam(value, 'block hash') };
  return { kind: 'number', number: Number(quantityParam(value, 'block')) };
}

export function callParam(value: Json | undefined): CallRequest {
  const { from, to, data, input, value: amount, gas } = fieldsParam(value, 'transaction');
  return {
    from: from === undefined || from === null ? zeroAddress : addressParam(from, 'from'),
    to: to === undefined || to === null ? null : addressParam(to, 'to'),
    data: given(input ?? data) ? hexParam(input ?? data, 'data') : '0x',
    value: given(amount) ? quantityParam(amount, 'value') : 0n,
    gas: given(gas) ? quantityParam(gas, 'gas') : null,
  };
}

export interface LogFilter {
  readonly from: number;
  readonly to: number;
  readonly addresses: ReadonlySet<Address> | null;
  readonly topics: readonly (ReadonlySet<Hash> | null)[];
}

/** eth_getLogs: a position of `topics` is null, one topic, or several of which one must match. */
export function filterParam(value: Json | undefined, latest: number, blockNumberOf: (hash: Hash) => number): LogFilter {
  const { fromBlock, toBlock, blockHash, address, topics } = fieldsParam(value, 'filter');
  const number = (choice: BlockChoice): number => (choice.kind === 'number' ? choice.number : blockNumberOf(choice.hash));
  const only = given(blockHash) ? blockNumberOf(hashParam(blockHash, 'block hash')) : null;
  const [from, to] = [number(blockParam(fromBlock, latest)), number(blockParam(toBlock, latest))];
  // What begins behind the latest block has nothing yet; what ends before it begins is a slip.
  if (only === null && given(toBlock) && to < Math.min(from, latest)) {
    throw new LedgerFault('BLOCK_RANGE_INVALID', rpcCodes.refused, 'invalid block range params');
  }
  return {
    from: only ?? from,
    to: only ?? Math.min(latest, to),
    addresses: given(address) ? new Set(many(address).map((each) => addressParam(each, 'address'))) : null,
    topics: many(topics ?? []).map((position) =>
      position === null ? null : new Set(many(position).map((each) => hashParam(each, 'topic')))),
  };
}

export function logMatches(
  log: { readonly address: Address; readonly topics: readonly Hash[] }, { addresses, topics }: LogFilter,
): boolean {
  if (addresses !== null && !addresses.has(log.address)) return false;
  return topics.every((wanted, position) => wanted === null || wanted.has(log.topics[position] ?? ''));
}

function given(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}

function many(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}
