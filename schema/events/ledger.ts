import type { Json } from '@oort/kernel-wire';
import type { Subject } from './compute';
import type { Visibilities } from './visibility';

export type LedgerEvent =
  /** Recorded before the transaction is sent: contracts refuse a call id twice, so a kill in between pays or slashes nobody twice. */
  | { readonly type: 'ChainCallIntended'; readonly data: { readonly callId: string; readonly contract: string; readonly method: string; readonly args: readonly Json[]; readonly valueWei: string; readonly nonce: number; readonly subject: Subject } }
  | { readonly type: 'ChainCallFinalised'; readonly data: { readonly callId: string; readonly contract: string; readonly method: string; readonly subject: Subject; readonly txHash: string; readonly blockHash: string; readonly blockNumber: number; readonly status: 'succeeded' | 'reverted' } }
  | { readonly type: 'ChainLogObserved'; readonly data: { readonly contract: string; readonly event: string; readonly args: { readonly [name: string]: Json }; readonly txHash: string; readonly logIndex: number; readonly blockNumber: number } }
  | { readonly type: 'LogAnchored'; readonly data: { readonly treeSize: number; readonly root: string; readonly txHash: string; readonly blockHash: string; readonly blockNumber: number } };

export const ledgerVisibility = {
  ChainCallIntended: 'public', ChainCallFinalised: 'public', ChainLogObserved: 'public', LogAnchored: 'public',
} as const satisfies Visibilities<LedgerEvent>;
