import type { Command } from '@oort/kernel-decider';
import type { LedgerEvent } from '@oort/schema/events/ledger';

type Intended = Extract<LedgerEvent, { readonly type: 'ChainCallIntended' }>['data'];
type Finalised = Extract<LedgerEvent, { readonly type: 'ChainCallFinalised' }>['data'];

/** Asked of the one account that signs for the platform. */
export type CallsCommand =
  /** `chainNonce` is the account's transaction count on chain: a lower bound for the nonce that is reserved. */
  | Command<'IntendCall', Omit<Intended, 'nonce'> & { readonly chainNonce: number }>
  | Command<'FinaliseCall', Pick<Finalised, 'callId' | 'txHash' | 'blockHash' | 'blockNumber' | 'status'>>;
