// The chain's nouns: parameters, blocks, transactions, receipts, summaries and the genesis, with their wire forms and hashes.
export { integerHex, zeroAddress, zeroHash } from './hex';
export type { Address, Hash, Hex } from './hex';
export { epochOf, liveParameters, localParameters, majorityOf, parametersJson } from './parameters';
export type { ChainParameters, ElectionParameters } from './parameters';
export { blockHash, decodeBlock, encodeBlock, MalformedBlock, recoverAuthor, signBlock } from './block';
export type { Block, BlockBody } from './block';
export { approveSigningHash, encodeApproveReceipt, parseApprove, signApprove, witnessSetAddress, witnessSetLog } from './approve';
export type { Approve, ApproveReceipt } from './approve';
export { keccakBytes, keccakHex } from './keccak';
export { addressOfKey, curves, recoverKey, signHash } from './curve';
export { readSigned } from './signed-fields';
export type { SignedFields } from './signed-fields';
export { parseTransaction } from './transaction';
export type { ParsedTransaction, SignedTransaction, TransactionRefusal } from './transaction';
export { decodeReceipt, encodeReceipt, encodeSummary, MalformedReceipt, summaryHash } from './receipt';
export type { Log, ReceiptCore, SummaryParts } from './receipt';
export { genesisBlock, genesisDeployer, genesisJson, systemContractAddress } from './genesis';
export type { GenesisDeployment, GenesisDocument } from './genesis';
