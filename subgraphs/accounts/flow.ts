import type { Flow } from '@oort/kernel-decider';

export const accountFlow = {
  OpenAccount: { events: ['AccountOpened'], refusals: [] },
  CreateS3Key: { events: ['S3KeyCreated'], refusals: ['ACCOUNT_UNKNOWN', 'TOO_MANY_KEYS'] },
  RevokeS3Key: { events: ['S3KeyRevoked'], refusals: ['ACCOUNT_UNKNOWN', 'KEY_UNKNOWN'] },
  CreditTopUp: {
    events: ['CreditsToppedUp'],
    refusals: ['ACCOUNT_UNKNOWN', 'AMOUNT_NOT_POSITIVE'],
  },
  IssueInvoice: {
    events: ['InvoiceIssued'],
    refusals: [
      'ACCOUNT_UNKNOWN',
      'NOTHING_TO_BILL',
      'INVOICE_PAID_ALREADY',
      'USAGE_BILLED_MEANWHILE',
    ],
  },
  PayWithCredits: {
    events: ['InvoicePaid'],
    refusals: [
      'ACCOUNT_UNKNOWN',
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
