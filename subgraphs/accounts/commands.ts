import type { Command } from '@oort/kernel-decider';
import type { AccountsEvent } from '@oort/schema/events/accounts';

type Profile = Omit<
  Extract<AccountsEvent, { readonly type: 'ProfileUpdated' }>['data'],
  'accountId'
>;
type InvoiceIssued = Extract<AccountsEvent, { readonly type: 'InvoiceIssued' }>['data'];

export type AccountCommand =
  | Command<
      'OpenAccount',
      { readonly accountId: string; readonly address: string; readonly displayName: string }
    >
  /** All of it: what is null is not told any more. */
  | Command<'UpdateProfile', Profile>
  /** The person's own wish: their keys are destroyed behind it, and nothing brings them back. */
  | Command<'ForgetPerson', Readonly<Record<string, never>>>
  | Command<'CreateS3Key', { readonly accessKeyId: string; readonly secretAccessKey: string }>
  | Command<'RevokeS3Key', { readonly accessKeyId: string }>
  /** The provider has taken the money: `reference` is its own id of the charge. */
  | Command<
      'CreditTopUp',
      { readonly amountMicroUsd: bigint; readonly provider: string; readonly reference: string }
    >
  /** Rated by the caller, who alone sees the usage. The same id again reprices an unpaid invoice. */
  | Command<
      'IssueInvoice',
      Omit<InvoiceIssued, 'accountId'> & {
        /** `untilPosition` of the newest invoice that the caller knew of: usage must not be billed twice. */
        readonly billedUntil: string | null;
      }
    >
  | Command<'PayWithCredits', { readonly invoiceId: string }>
  /** The chain has moved the money already: too little, too much or too late becomes credits, so nothing is kept. */
  | Command<
      'RecordChainPayment',
      {
        readonly invoiceId: string;
        readonly amountWei: bigint;
        readonly oortMicroUsd: bigint;
        readonly txHash: string;
        readonly logIndex: number;
      }
    >;
