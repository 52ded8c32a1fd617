// Olympus's records in the shapes that Ethereum tooling reads. A block number is a stable index, a state root the summary.
import { Transaction, getAddress } from 'ethers';
import type { Json } from '@oort/kernel-wire';
import { zeroHash } from '@oort/ledger-chain';
import type { Block, ChainParameters, Hash, Hex } from '@oort/ledger-chain';
import type { LogRecord, ReceiptRecord, StableRecord } from '@oort/ledger-execution';

export function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}

const emptyUncles = '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347';

export function presentBlock(
  block: Block, record: StableRecord,
  { parameters, parentHash, transactions }: {
    readonly parameters: ChainParameters; readonly parentHash: Hash; readonly transactions: readonly Json[];
  },
): Json {
  return {
    number: quantity(record.index),
    hash: block.hash,
    // In Ethereum's line of blocks the parent is the one before in the total order.
    parentHash,
    nonce: '0x0000000000000000',
    sha3Uncles: emptyUncles,
    uncles: [],
    logsBloom: record.bloom,
    transactionsRoot: zeroHash,
    stateRoot: record.summary,
    receiptsRoot: record.receiptsRoot,
    miner: getAddress(block.from),
    difficulty: '0x0',
    totalDifficulty: '0x0',
    mixHash: zeroHash,
    extraData: '0x',
    size: '0x0',
    gasLimit: quantity(parameters.blockGasLimit),
    gasUsed: record.gasUsed,
    baseFeePerGas: quantity(BigInt(parameters.baseFeePerGasWei)),
    timestamp: quantity(record.timestamp),
    transactions: [...transactions],
  };
}

export function presentTransaction(raw: Hex, at: ReceiptRecord | null): Json {
  const tx = Transaction.from(raw);
  const { signature } = tx;
  const type = tx.type ?? 0;
  const priced: { readonly [key: string]: Json } = type === 2
    ? {
      maxFeePerGas: quantity(tx.maxFeePerGas ?? 0n), maxPriorityFeePerGas: quantity(tx.maxPriorityFeePerGas ?? 0n),
      gasPrice: at === null ? quantity(tx.maxFeePerGas ?? 0n) : at.effectiveGasPrice,
    }
    : { gasPrice: quantity(tx.gasPrice ?? 0n) };
  return {
    hash: tx.hash,
    type: quantity(type),
    chainId: quantity(tx.chainId),
    nonce: quantity(tx.nonce),
    from: tx.from,
    to: tx.to,
    value: quantity(tx.value),
    gas: quantity(tx.gasLimit),
    input: tx.data,
    ...priced,
    ...(type === 0 ? {} : {
      accessList: (tx.accessList ?? []).map(({ address, storageKeys }) => ({ address, storageKeys: [...storageKeys] })),
      yParity: quantity(signature?.yParity ?? 0),
    }),
    r: quantity(BigInt(signature?.r ?? 0)),
    s: quantity(BigInt(signature?.s ?? 0)),
    v: quantity(type === 0 ? (signature?.networkV ?? signature?.v ?? 0) : (signature?.yParity ?? 0)),
    blockHash: at?.block ?? null,
    blockNumber: at === null ? null : quantity(at.index),
    transactionIndex: at === null ? null : quantity(at.position),
  };
}

export function presentReceipt(hash: Hash, receipt: ReceiptRecord): Json {
  return {
    transactionHash: hash,
    transactionIndex: quantity(receipt.position),
    blockHash: receipt.block,
    blockNumber: quantity(receipt.index),
    from: getAddress(receipt.from),
    to: receipt.to === null ? null : getAddress(receipt.to),
    cumulativeGasUsed: receipt.cumulativeGasUsed,
    gasUsed: receipt.gasUsed,
    effectiveGasPrice: receipt.effectiveGasPrice,
    contractAddress: receipt.contractAddress === null ? null : getAddress(receipt.contractAddress),
    logs: receipt.logs.map((log, offset) => presentLog(
      { ...log, transaction: hash, position: receipt.position, block: receipt.block }, receipt.index, receipt.firstLog + offset)),
    logsBloom: receipt.bloom,
    type: quantity(receipt.type),
    status: quantity(receipt.status),
  };
}

export function presentLog(log: LogRecord, index: number, number: number): Json {
  return {
    address: getAddress(log.address),
    topics: [...log.topics],
    data: log.data,
    blockHash: log.block,
    blockNumber: quantity(index),
    transactionHash: log.transaction,
    transactionIndex: quantity(log.position),
    logIndex: quantity(number),
    removed: false,
  };
}

/** `block` of Olympus's own methods: the ten items of the wire form by name. */
export function presentDagBlock(block: Block): Json {
  return {
    hash: block.hash, from: block.from, previous: block.previous, parents: [...block.parents], links: [...block.links],
    approves: [...block.approves], last_summary: block.lastSummary, last_summary_block: block.lastSummaryBlock,
    last_stable_block: block.lastStableBlock, exec_timestamp: block.timestamp, signature: block.signature,
  };
}

export function presentState(record: StableRecord): Json {
  return {
    is_stable: true, status: record.status, level: record.level, witnessed_level: record.witnessedLevel,
    best_parent: record.bestParent ?? zeroHash, mci: record.mci, stable_index: record.index, mc_timestamp: record.timestamp,
    summary: record.summary, receipts_root: record.receiptsRoot,
  };
}

