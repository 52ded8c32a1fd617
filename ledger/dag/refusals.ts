import type { Address, Hash } from '@oort/ledger-chain';

/** Why a block is invalid, one code per rule. An invalid block is dropped for good. */
export type BlockRefusal =
  | { readonly code: 'PARENT_COUNT'; readonly count: number; readonly maximum: number }
  | { readonly code: 'PARENTS_NOT_ASCENDING'; readonly parent: Hash }
  | { readonly code: 'PREVIOUS_NOT_A_PARENT'; readonly previous: Hash }
  | { readonly code: 'TOO_MANY_LINKS'; readonly count: number; readonly maximum: number }
  | { readonly code: 'LINK_TWICE'; readonly link: Hash }
  | { readonly code: 'APPROVES_NOT_TAKEN'; readonly count: number }
  | { readonly code: 'TOO_MANY_APPROVES'; readonly count: number; readonly maximum: number }
  | { readonly code: 'APPROVE_TWICE'; readonly approve: Hash }
  | { readonly code: 'SIGNATURE_NOT_OF_AUTHOR'; readonly from: Address; readonly recovered: Address | null }
  | { readonly code: 'PREVIOUS_OF_ANOTHER_AUTHOR'; readonly previous: Hash }
  | { readonly code: 'PARENT_IS_ANCESTOR_OF_PARENT'; readonly ancestor: Hash; readonly descendant: Hash }
  | { readonly code: 'TIME_BELOW_PARENT'; readonly timestamp: number; readonly parentTimestamp: number }
  | { readonly code: 'TIME_TOO_FAR_AHEAD'; readonly timestamp: number; readonly clock: number }
  | { readonly code: 'LINKS_OF_ACCOUNT_SCATTERED'; readonly account: Address }
  | { readonly code: 'LINK_NONCES_NOT_ASCENDING'; readonly account: Address; readonly nonce: number }
  | { readonly code: 'AUTHORS_NOT_DISTINCT'; readonly author: Address; readonly majority: number }
  | { readonly code: 'LAST_STABLE_OFF_PATH'; readonly proven: Hash }
  | { readonly code: 'LAST_STABLE_TOO_HIGH'; readonly cited: Hash; readonly proven: Hash }
  | { readonly code: 'LAST_STABLE_TOO_LOW'; readonly cited: Hash; readonly proven: Hash }
  | { readonly code: 'LAST_SUMMARY_BLOCK_WRONG'; readonly cited: Hash; readonly expected: Hash }
  | { readonly code: 'AUTHOR_NOT_A_WITNESS'; readonly author: Address; readonly epoch: number }
  | { readonly code: 'LAST_SUMMARY_WRONG'; readonly cited: Hash; readonly expected: Hash };

/** What a block waits for; it is neither valid nor invalid until then (rule 12). */
export type Waiting =
  | { readonly kind: 'block'; readonly hash: Hash }
  | { readonly kind: 'transaction'; readonly hash: Hash }
  | { readonly kind: 'approve'; readonly hash: Hash }
  | { readonly kind: 'summary'; readonly hash: Hash }
  | { readonly kind: 'nonce'; readonly account: Address; readonly nonce: number }
  | { readonly kind: 'time'; readonly timestamp: number };
