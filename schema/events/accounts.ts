import type { PersonalFields, Visibilities } from './visibility';

/** Amounts are decimal strings: micro-dollars or wei, as the name says. */
export type AccountsEvent =
  | { readonly type: 'AccountOpened'; readonly data: { readonly accountId: string; readonly address: string; readonly displayName: string } }
  /** All of what a person told of themselves; what is null was not told. */
  | { readonly type: 'ProfileUpdated'; readonly data: { readonly accountId: string; readonly displayName: string | null; readonly email: string | null; readonly legalName: string | null; /** ISO 3166-1 alpha-2. */ readonly country: string | null } }
  /** Public, so that whoever keeps a copy of something forgets it too. The person's keys are destroyed when this is in the log. */
  | { readonly type: 'PersonForgotten'; readonly data: { readonly accountId: string } }
  | { readonly type: 'S3KeyCreated'; readonly data: { readonly accountId: string; readonly accessKeyId: string; readonly secretAccessKey: string } }
  | { readonly type: 'S3KeyRevoked'; readonly data: { readonly accountId: string; readonly accessKeyId: string } }
  | { readonly type: 'CreditsToppedUp'; readonly data: { readonly accountId: string; readonly amountMicroUsd: string; readonly provider: string; readonly reference: string } }
  | { readonly type: 'InvoiceIssued'; readonly data: {
      readonly invoiceId: string; readonly accountId: string; readonly periodStart: string; readonly periodEnd: string;
      /** Usage up to this position of the log that no earlier invoice billed. */ readonly untilPosition: string;
      readonly usageRoot: string; readonly priceBookVersion: string; readonly totalMicroUsd: string;
      readonly discountBasisPoints: number; readonly payableMicroUsd: string; readonly payableWei: string | null;
      readonly lines: readonly { readonly item: string; readonly quantity: string; readonly unit: string; readonly amountMicroUsd: string }[];
    } }
  | { readonly type: 'InvoicePaid'; readonly data: { readonly invoiceId: string; readonly accountId: string; readonly method: 'credits' | 'oort'; readonly txHash: string | null } };

export const accountsVisibility = {
  AccountOpened: 'public', ProfileUpdated: 'tenant', PersonForgotten: 'public', S3KeyCreated: 'tenant', S3KeyRevoked: 'tenant', CreditsToppedUp: 'tenant', InvoiceIssued: 'tenant', InvoicePaid: 'tenant',
} as const satisfies Visibilities<AccountsEvent>;

export const accountsPersonal = {
  ProfileUpdated: { of: 'accountId', fields: ['displayName', 'email', 'legalName', 'country'] },
} as const satisfies PersonalFields<AccountsEvent>;
