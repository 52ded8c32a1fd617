import type { Flow } from '@oort/kernel-decider';

export const accountFlow = {
  OpenAccount: { events: ['AccountOpened'], refusals: ['ACCOUNT_FORGOTTEN'] },
  UpdateProfile: {
    events: ['ProfileUpdated'],
    refusals: ['ACCOUNT_UNKNOWN', 'ACCOUNT_FORGOTTEN', 'PROFILE_INVALID'],
  },
  ForgetPerson: { events: ['S3KeyRevoked', 'PersonForgotten'], refusals: ['ACCOUNT_UNKNOWN'] },
  CreateS3Key: {
    events: ['S3KeyCreated'],
    refusals: ['ACCOUNT_UNKNOWN', 'ACCOUNT_FORGOTTEN', 'TOO_MANY_KEYS'],
  },
  RevokeS3Key: {
    events: ['S3KeyRevoked'],
    refusals: ['ACCOUNT_UNKNOWN', 'ACCOUNT_FORGOTTEN', 'KEY_UNKNOWN'],
  },
  CreditTopUp: {
    events: ['CreditsToppedUp'],
    refusals: ['ACCOUNT_UNKNOWN', 'ACCOUNT_FORGOTTEN', 'AMOUNT_NOT_POSITIVE'],
  },
  IssueInvoice: {
    events: ['InvoiceIssued'],
    refusals: [
      'ACCOUNT_UNKNOWN',
      'ACCOUNT_FORGOTTEN',
      'NOTHING_TO_BILL',
      'INVOICE_PAID_ALREADY',
      'USAGE_BILLED_MEANWHILE',
    ],
  },
  PayWithCredits: {
    events: ['InvoicePaid'],
    refusals: [
      'ACCOUNT_UNKNOWN',
      'ACCOUNT_FORGOTTEN',
      'INVOICE_UNKNOWN',
      'INVOICE_PAID_ALREADY',
      'INVOICE_IN_OORT',
      'CREDITS_TOO_LOW',
    ],
  },
  RecordChainPayment: { events: ['InvoicePaid', 'CreditsToppedUp'], refusals: ['ACCOUNT_UNKNOWN'] },
} as const satisfies Flow;

export type AccountEventType = (typeof accountFlow)[keyof typeof accountFlow]['events'][number];
export type AccountRefusalCode = (typeof accountFlow)[keyof typeof accountFlow]['refusals'][number];
