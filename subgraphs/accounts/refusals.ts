import { refusal, type RefusalOf } from '@oort/kernel-decider';

export type AccountRefusal =
  | RefusalOf<'ACCOUNT_UNKNOWN', null>
  | RefusalOf<'ACCOUNT_FORGOTTEN', null>
  | RefusalOf<'PROFILE_INVALID', { readonly field: string; readonly rule: string }>
  | RefusalOf<'TOO_MANY_KEYS', { readonly limit: number }>
  | RefusalOf<'KEY_UNKNOWN', { readonly accessKeyId: string }>
  | RefusalOf<'AMOUNT_NOT_POSITIVE', { readonly amountMicroUsd: string }>
  | RefusalOf<'NOTHING_TO_BILL', null>
  | RefusalOf<'USAGE_BILLED_MEANWHILE', { readonly billedUntil: string | null }>
  | RefusalOf<'INVOICE_UNKNOWN', { readonly invoiceId: string }>
  | RefusalOf<'INVOICE_PAID_ALREADY', { readonly invoiceId: string }>
  | RefusalOf<'INVOICE_IN_OORT', { readonly invoiceId: string }>
  | RefusalOf<
      'CREDITS_TOO_LOW',
      { readonly creditsMicroUsd: string; readonly payableMicroUsd: string }
    >;

/** What the door refuses before any command is made. */
export type DoorRefusal =
  | RefusalOf<'NOT_SIGNED_IN', null>
  | RefusalOf<'NOT_YOUR_ACCOUNT', { readonly accountId: string }>
  | RefusalOf<'ADDRESS_INVALID', { readonly address: string }>
  | RefusalOf<'CHALLENGE_UNKNOWN', null>
  | RefusalOf<'SIGNATURE_INVALID', { readonly reason: string }>
  | RefusalOf<'AMOUNT_INVALID', { readonly amountMicroUsd: string }>
  | RefusalOf<
      'PAYMENT_METHOD_UNKNOWN',
      { readonly paymentMethod: string; readonly known: readonly string[] }
    >
  | RefusalOf<'CARD_DECLINED', { readonly reason: string }>
  | RefusalOf<'INVOICE_UNKNOWN', { readonly invoiceId: string }>
  | RefusalOf<'INVOICE_NOT_IN_OORT', { readonly invoiceId: string }>;

export const notSignedIn = refusal(
  'NOT_SIGNED_IN',
  'Sign in first: signInChallenge, then signIn.',
  null,
);
