// Execution of the final order by the EVM, the store behind it, and questions to its state.
export { Executor, FinalOrderDisputed, TransactionMissing } from './executor';
export type { ExecutedBlock, ExecutedMci, ExecutorOptions } from './executor';
export { ApproveMissing } from './epochs';
export { applyGenesis, GenesisFailed } from './genesis-state';
export { usualStatesKept } from './past';
export { emptyReceiptsRoot, receiptProof, receiptsRoot } from './receipts-root';
export { StateReading } from './reader';
export type { CallRequest, CallResult, TraceResult } from './reader';
export type { TraceOptions } from './trace';
export { StableChain, StoreBroken } from './stable-chain';
export { ChainDataDamaged } from './checked-values';
export { StoreUnwritable, Writes } from './atomic';
export { openChainStore, stablePoint } from './store';
export type { ApproveRecord, ChainStore, LogRecord, ReceiptRecord, StablePoint, StableRecord } from './store';
export { intrinsicGas } from './intrinsic-gas';
