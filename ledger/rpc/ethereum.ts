// `eth_*`: as Ethereum's execution API describes it, over what is stable. A receipt is null until its block is final.
import { AbiCoder } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import type { Hash } from '@oort/ledger-chain';
import type { CallResult, StableRecord } from '@oort/ledger-execution';
import type { RpcBackend } from './backend';
import { LedgerFault, invalidParams, rpcCodes } from './fault';
import {
  addressParam, blockParam, callParam, filterParam, hashParam, hexParam, logMatches, quantityParam, slotParam,
} from './parse';
import type { LogFilter, Params } from './parse';
import { presentBlock, presentLog, presentReceipt, presentTransaction, quantity } from './present';

export type Method = (params: Params) => Promise<Json> | Json;
export type Methods = { readonly [name: string]: Method };

const widestLogRange = 100_000;

/** As eth_syncing tells it, with the block at which the node started. */
export function syncProgress(backend: RpcBackend, startingBlock: number): Json {
  const currentBlock = latestIndex(backend);
  return { startingBlock: quantity(startingBlock), currentBlock: quantity(currentBlock), highestBlock: quantity(Math.max(backend.farthest(), currentBlock)) };
}

export function latestIndex(backend: RpcBackend): number {
  return backend.chain.point().nextIndex - 1;
}

export function ethereumMethods(backend: RpcBackend): Methods {
  return { ...chainMethods(backend), ...stateMethods(backend), ...recordMethods(backend) };
}

function chainMethods(backend: RpcBackend): Methods {
  const { parameters } = backend;
  const baseFee = BigInt(parameters.baseFeePerGasWei);
  const price = BigInt(parameters.fixedGasPriceWei ?? parameters.baseFeePerGasWei);
  const started = latestIndex(backend);
  return {
    eth_chainId: () => quantity(parameters.chainId),
    eth_blockNumber: () => quantity(latestIndex(backend)),
    eth_gasPrice: () => quantity(price),
    eth_maxPriorityFeePerGas: () => quantity(price - baseFee),
    eth_feeHistory: ([count, newest, percentiles]) => {
      const latest = latestIndex(backend);
      const choice = blockParam(newest, latest);
      const last = choice.kind === 'number' ? Math.min(latest, choice.number) : numberOf(backend, choice.hash);
      const blocks = Math.min(Number(quantityParam(count, 'block count')), 1024, last + 1);
      const rewards = Array.isArray(percentiles) ? percentiles.map(() => quantity(price - baseFee)) : null;
      return {
        oldestBlock: quantity(Math.max(0, last - blocks + 1)),
        baseFeePerGas: Array.from({ length: blocks + 1 }, () => quantity(baseFee)),
        gasUsedRatio: Array.from({ length: blocks }, (_, offset) => gasUsedRatio(backend, last - blocks + 1 + offset)),
        ...(rewards === null ? {} : { reward: Array.from({ length: blocks }, () => rewards) }),
      };
    },
    eth_syncing: () => (backend.syncing() ? syncProgress(backend, started) : false),
    eth_accounts: () => [],
    eth_sendRawTransaction: ([raw]) => backend.submit(hexParam(raw, 'transaction')),
    eth_getProof: () => {
      throw new LedgerFault('NO_STATE_ROOT', rpcCodes.refused,
        'this chain commits to receipts and not to a state root: use olympus_receiptProof');
    },
  };
}

function stateMethods(backend: RpcBackend): Methods {
  const { state, pending } = backend;
  /** The stable index at which to read; undefined for the present. */
  const past = (block: Json | undefined): number | undefined => pastIndex(backend, block);
  return {
    eth_getBalance: ([address, block]) => quantity(state.account(addressParam(address, 'address'), past(block)).balance),
    eth_getCode: ([address, block]) => state.code(addressParam(address, 'address'), past(block)),
    eth_getStorageAt: ([address, slot, block]) => state.storage(addressParam(address, 'address'), slotParam(slot), past(block)),
    eth_getTransactionCount: ([address, block]) => {
      const account = addressParam(address, 'address');
      return block === 'pending' ? quantity(pending.nextNonce(account)) : quantity(state.account(account, past(block)).nonce);
    },
    eth_call: async ([request, block, ...overrides]) => {
      withoutOverrides(overrides);
      return answered(await state.call(callParam(request), past(block))).data;
    },
    eth_estimateGas: async ([request, block, ...overrides]) => {
      withoutOverrides(overrides);
      const call = callParam(request);
      const at = past(block);
      if (call.value > 0n && state.account(call.from, at).balance < call.value) {
        throw new LedgerFault('INSUFFICIENT_FUNDS', rpcCodes.refused, 'insufficient funds for transfer');
      }
      return quantity(answered(await state.estimate(call, at)).gasUsed);
    },
  };
}

/** An answer that passes over what was asked for would be a wrong one. */
function withoutOverrides(overrides: Params): void {
  if (overrides.some((each) => each !== null && Object.keys(each as object).length > 0)) throw invalidParams('overrides are not supported');
}

/** The stable index that is asked for; undefined where it is the latest. Refused where it is not here yet or not kept any more. */
export function pastIndex(backend: RpcBackend, block: Json | undefined): number | undefined {
  const latest = latestIndex(backend);
  const choice = blockParam(block, latest);
  const number = choice.kind === 'number' ? choice.number : numberOf(backend, choice.hash);
  if (number > latest) throw new LedgerFault('BLOCK_UNKNOWN', rpcCodes.refused, 'header not found');
  if (number === latest) return undefined;
  keptOrRefused(backend, number);
  return number;
}

export function keptOrRefused(backend: RpcBackend, number: number): void {
  const from = backend.state.from();
  if (number >= from) return;
  throw new LedgerFault('STATE_NOT_KEPT', rpcCodes.refused, `the state of block ${number} is not kept (only from ${from} on)`);
}

function recordMethods(backend: RpcBackend): Methods {
  const { chain, pending } = backend;
  const byHash = (hash: Hash, full: boolean): Json => {
    const record = chain.record(hash);
    return record === undefined ? null : blockJson(backend, hash, record, full);
  };
  const hashOfNumber = (block: Json | undefined): Hash | undefined => {
    const choice = blockParam(block, latestIndex(backend));
    return choice.kind === 'hash' ? choice.hash : chain.hashAt(choice.number);
  };
  const transactionsIn = (hash: Hash | undefined): readonly Hash[] | null =>
    (hash === undefined ? null : (chain.record(hash)?.transactions ?? null));
  const transactionAt = (block: Hash | undefined, position: Json | undefined): Json => {
    const hash = transactionsIn(block)?.[Number(quantityParam(position, 'index'))];
    return hash === undefined ? null : presentTransaction(chain.transaction(hash) ?? '', chain.receipt(hash) ?? null);
  };
  return {
    eth_getBlockByNumber: ([block, full]) => {
      const hash = hashOfNumber(block);
      return hash === undefined ? null : byHash(hash, full === true);
    },
    eth_getBlockByHash: ([hash, full]) => byHash(hashParam(hash, 'block hash'), full === true),
    eth_getTransactionByBlockNumberAndIndex: ([block, position]) => transactionAt(hashOfNumber(block), position),
    eth_getTransactionByBlockHashAndIndex: ([hash, position]) => transactionAt(hashParam(hash, 'block hash'), position),
    eth_getUncleCountByBlockNumber: ([block]) => (hashOfNumber(block) === undefined ? null : '0x0'),
    eth_getUncleCountByBlockHash: ([hash]) => (chain.record(hashParam(hash, 'block hash')) === undefined ? null : '0x0'),
    eth_getBlockTransactionCountByNumber: ([block]) => counted(transactionsIn(hashOfNumber(block))),
    eth_getBlockTransactionCountByHash: ([hash]) => counted(transactionsIn(hashParam(hash, 'block hash'))),
    eth_getBlockReceipts: ([block]) => transactionsIn(hashOfNumber(block))?.map((hash) => receiptJson(backend, hash)) ?? null,
    eth_getTransactionByHash: ([value]) => {
      const hash = hashParam(value, 'transaction hash');
      const raw = chain.transaction(hash);
      if (raw !== undefined) return presentTransaction(raw, chain.receipt(hash) ?? null);
      const waiting = pending.get(hash);
      return waiting === undefined ? null : presentTransaction(waiting.raw, null);
    },
    eth_getTransactionReceipt: ([hash]) => receiptJson(backend, hashParam(hash, 'transaction hash')),
    eth_getLogs: ([filter]) =>
      logsOf(backend, filterParam(filter, latestIndex(backend), (hash) => numberOf(backend, hash))),
  };
}

function gasUsedRatio({ chain, parameters }: RpcBackend, index: number): number {
  const record = chain.record(chain.hashAt(index) ?? '');
  return record === undefined ? 0 : Number(record.gasUsed) / Number(parameters.blockGasLimit);
}

export function logsOf(backend: RpcBackend, filter: LogFilter): Json[] {
  if (filter.to - filter.from > widestLogRange) throw invalidParams(`a range may span ${widestLogRange} blocks`);
  const found: Json[] = [];
  for (const { index, number, log } of backend.chain.logs(filter.from, filter.to, filter.addresses)) {
    if (logMatches(log, filter)) found.push(presentLog(log, index, number));
  }
  return found;
}

export function blockJson(backend: RpcBackend, hash: Hash, record: StableRecord, full: boolean): Json {
  const { chain, parameters } = backend;
  const block = chain.block(hash);
  if (block === undefined) return null;
  const parentHash = record.index === 0 ? `0x${'00'.repeat(32)}` : (chain.hashAt(record.index - 1) ?? '');
  const transactions = full
    ? record.transactions.map((each) => presentTransaction(chain.transaction(each) ?? '', chain.receipt(each) ?? null))
    : [...record.transactions];
  return presentBlock(block, record, { parameters, parentHash, transactions });
}

function receiptJson(backend: RpcBackend, hash: Hash): Json {
  const receipt = backend.chain.receipt(hash);
  return receipt === undefined ? null : presentReceipt(hash, receipt);
}

function counted(transactions: readonly Hash[] | null): Json {
  return transactions === null ? null : quantity(transactions.length);
}

function numberOf(backend: RpcBackend, hash: Hash): number {
  const record = backend.chain.record(hash);
  if (record === undefined) throw new LedgerFault('BLOCK_UNKNOWN', rpcCodes.refused, 'unknown block');
  return record.index;
}

function answered(result: CallResult): Extract<CallResult, { kind: 'returned' }> {
  switch (result.kind) {
    case 'returned': return result;
    case 'reverted': {
      const reason = revertReason(result.data);
      const message = reason === null ? 'execution reverted' : `execution reverted: ${reason}`;
      throw new LedgerFault('EXECUTION_REVERTED', rpcCodes.reverted, message, result.data);
    }
    case 'failed': throw new LedgerFault('EXECUTION_FAILED', rpcCodes.refused, result.reason);
  }
}

/** Solidity's `Error(string)`; other errors travel as their bytes. */
function revertReason(data: string): string | null {
  if (!data.startsWith('0x08c379a0')) return null;
  try {
    const [reason] = AbiCoder.defaultAbiCoder().decode(['string'], `0x${data.slice(10)}`);
    return typeof reason === 'string' ? reason : null;
  } catch {
    return null;
  }
}
