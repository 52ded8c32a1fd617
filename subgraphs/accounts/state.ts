export interface InvoiceState {
  readonly payableMicroUsd: bigint;
  readonly payableWei: bigint | null;
  readonly paid: boolean;
}

export type AccountState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'open';
      readonly accountId: string;
      readonly address: string;
      /** The person asked to be forgotten: only what the chain still owes or pays is written down. */
      readonly forgotten: boolean;
      readonly creditsMicroUsd: bigint;
      readonly keys: ReadonlyMap<string, 'active' | 'revoked'>;
      readonly invoices: ReadonlyMap<string, InvoiceState>;
      /** Position of the log up to which usage is on an invoice. */
      readonly billedUntil: string | null;
      /** Provider and reference of every charge, so that none is credited twice. */
      readonly charges: ReadonlySet<string>;
    };

export const unknownAccount: AccountState = { status: 'unknown' };

export const chargeOf = (provider: string, reference: string): string => `${provider}/${reference}`;
