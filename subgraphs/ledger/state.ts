import type { LedgerEvent } from '@oort/schema/events/ledger';

export type Intent = Extract<LedgerEvent, { readonly type: 'ChainCallIntended' }>['data'];

export interface CallsState {
  /** The next free nonce as far as intents go; null before the first of them. */
  readonly nextNonce: number | null;
  /** Intended and not final, by call id, in the order of their nonces. */
  readonly pending: ReadonlyMap<string, Intent>;
}

export const noCalls: CallsState = { nextNonce: null, pending: new Map() };
