import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { CallsState } from './state';

export type CallsEvent = Extract<LedgerEvent, { readonly type: 'ChainCallIntended' | 'ChainCallFinalised' | 'LogAnchored' }>;

export function evolveCalls(state: CallsState, event: CallsEvent): CallsState {
  switch (event.type) {
    case 'ChainCallIntended':
      return { nextNonce: event.data.nonce + 1, pending: new Map(state.pending).set(event.data.callId, event.data) };
    case 'ChainCallFinalised': {
      const pending = new Map(state.pending);
      pending.delete(event.data.callId);
      return { ...state, pending };
    }
    case 'LogAnchored':
      return state;
  }
}
