import type { AccountsEvent } from '@oort/schema/events/accounts';
import { chargeOf, type AccountState, type InvoiceState } from './state';

export function evolveAccount(state: AccountState, event: AccountsEvent): AccountState {
  if (event.type === 'AccountOpened') {
    const { accountId, address } = event.data;
    return {
      status: 'open',
      accountId,
      address,
      forgotten: false,
      creditsMicroUsd: 0n,
      keys: new Map(),
      invoices: new Map(),
      charges: new Set(),
      billedUntil: null,
    };
  }
  if (state.status === 'unknown') return state;
  switch (event.type) {
    case 'ProfileUpdated':
      return state;
    case 'PersonForgotten':
      return { ...state, forgotten: true };
    case 'S3KeyCreated':
      return { ...state, keys: new Map(state.keys).set(event.data.accessKeyId, 'active') };
    case 'S3KeyRevoked':
      return { ...state, keys: new Map(state.keys).set(event.data.accessKeyId, 'revoked') };
    case 'CreditsToppedUp': {
      const { amountMicroUsd, provider, reference } = event.data;
      return {
        ...state,
        creditsMicroUsd: state.creditsMicroUsd + BigInt(amountMicroUsd),
        charges: new Set(state.charges).add(chargeOf(provider, reference)),
      };
    }
    case 'InvoiceIssued': {
      const { payableMicroUsd, payableWei, invoiceId, untilPosition } = event.data;
      const billedUntil = state.invoices.has(invoiceId) ? state.billedUntil : untilPosition;
      return withInvoice({ ...state, billedUntil }, invoiceId, {
        payableMicroUsd: BigInt(payableMicroUsd),
        payableWei: payableWei === null ? null : BigInt(payableWei),
        paid: false,
      });
    }
    case 'InvoicePaid': {
      const invoice = state.invoices.get(event.data.invoiceId);
      if (invoice === undefined) return state;
      const creditsMicroUsd =
        event.data.method === 'credits'
          ? state.creditsMicroUsd - invoice.payableMicroUsd
          : state.creditsMicroUsd;
      return withInvoice({ ...state, creditsMicroUsd }, event.data.invoiceId, {
        ...invoice,
        paid: true,
      });
    }
  }
}

function withInvoice(
  state: Extract<AccountState, { readonly status: 'open' }>,
  id: string,
  invoice: InvoiceState,
): AccountState {
  return { ...state, invoices: new Map(state.invoices).set(id, invoice) };
}
