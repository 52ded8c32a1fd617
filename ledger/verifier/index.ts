// Checking what the chain says without trusting who says it: needs the genesis hash and nothing else.
export { NotProven } from './not-proven';
export type { Doubt } from './not-proven';
export type { FinalReceipt, ReceiptProof } from './parse';
export { positionKey, trieValue } from './trie-proof';
export { provenLog, verifyReceipt, verifyReceiptOver, summaryOf } from './verify';
export type { Claim, ProvenReceipt, Summary } from './verify';
