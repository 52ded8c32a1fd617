import { command, scenario } from '@oort/kernel-decider';
import type { AccountsEvent } from '@oort/schema/events/accounts';
import type { AccountCommand } from './commands';
import { accountDecider, keyLimit } from './decide';

const now = new Date('2026-03-01T00:00:00.000Z');
const ask = <T extends AccountCommand['type']>(
  type: T,
  data: Extract<AccountCommand, { readonly type: T }>['data'],
): AccountCommand => command(type, data, { actor: 'account_1', now }) as AccountCommand;
const given = (...events: readonly AccountsEvent[]) => scenario(accountDecider).given(events);

const opened: AccountsEvent = {
  type: 'AccountOpened',
  data: { accountId: 'account_1', address: '0xA', displayName: 'A' },
};
const key = (id: string): AccountsEvent => ({
  type: 'S3KeyCreated',
  data: { accountId: 'account_1', accessKeyId: id, secretAccessKey: 's' },
});
const forgotten: AccountsEvent = { type: 'PersonForgotten', data: { accountId: 'account_1' } };
const topUp: AccountsEvent = {
  type: 'CreditsToppedUp',
  data: { accountId: 'account_1', amountMicroUsd: '1000', provider: 'test-card', reference: 'r1' },
};
const invoice = {
  invoiceId: 'invoice_1',
  periodStart: 'a',
  periodEnd: 'b',
  untilPosition: '9',
  usageRoot: '00',
  priceBookVersion: '2026-01',
  totalMicroUsd: '900',
  discountBasisPoints: 0,
  payableMicroUsd: '900',
  payableWei: null,
  lines: [
    { item: 'compute.inference', quantity: '900', unit: 'micro-dollar', amountMicroUsd: '900' },
  ],
};
const inOort = {
  ...invoice,
  discountBasisPoints: 1000,
  payableMicroUsd: '810',
  payableWei: '1000000000000000000',
};
const issued = (data: typeof invoice | typeof inOort): AccountsEvent => ({
  type: 'InvoiceIssued',
  data: { accountId: 'account_1', ...data },
});
const paid: AccountsEvent = {
  type: 'InvoicePaid',
  data: { invoiceId: 'invoice_1', accountId: 'account_1', method: 'credits', txHash: null },
};

describe('account', () => {
  it('opens once', () => {
    given()
      .when(ask('OpenAccount', opened.data as never))
      .thenEvents([opened]);
    given(opened)
      .when(ask('OpenAccount', opened.data as never))
      .thenEvents([]);
  });

  const profile = { displayName: 'Ada', email: null, legalName: null, country: 'GB' };

  it('tells what it wants to, and is forgotten for ever', () => {
    given(opened)
      .when(ask('UpdateProfile', profile))
      .thenEvents([{ type: 'ProfileUpdated', data: { accountId: 'account_1', ...profile } }]);
    given(opened)
      .when(ask('UpdateProfile', { ...profile, country: 'England' }))
      .thenRefused('PROFILE_INVALID', { field: 'country', rule: 'two letters of ISO 3166-1' });
    given(opened, key('k'), key('l'), { type: 'S3KeyRevoked', data: { accountId: 'account_1', accessKeyId: 'l' } })
      .when(ask('ForgetPerson', {}))
      .thenEvents([{ type: 'S3KeyRevoked', data: { accountId: 'account_1', accessKeyId: 'k' } }, forgotten]);
    given(opened, forgotten)
      .when(ask('ForgetPerson', {}))
      .thenEvents([]);
    for (const asked of [
      ask('OpenAccount', opened.data as never),
      ask('UpdateProfile', profile),
      ask('CreateS3Key', { accessKeyId: 'k', secretAccessKey: 's' }),
      ask('RevokeS3Key', { accessKeyId: 'k' }),
      ask('CreditTopUp', { amountMicroUsd: 1n, provider: 'test-card', reference: 'r1' }),
      ask('IssueInvoice', { ...invoice, billedUntil: null }),
      ask('PayWithCredits', { invoiceId: 'invoice_1' }),
    ])
      given(opened, forgotten).when(asked).thenRefused('ACCOUNT_FORGOTTEN');
  });

  it('is still credited what the chain paid for it', () => {
    given(opened, forgotten)
      .when(ask('RecordChainPayment', { invoiceId: 'invoice_1', oortMicroUsd: 50_000n, txHash: '0xt', logIndex: 0, amountWei: 10n ** 18n }))
      .thenEvents([{ type: 'CreditsToppedUp', data: { accountId: 'account_1', amountMicroUsd: '50000', provider: 'oort', reference: '0xt/0' } }]);
  });

  it('must be there first', () => {
    given()
      .when(ask('CreateS3Key', { accessKeyId: 'k', secretAccessKey: 's' }))
      .thenRefused('ACCOUNT_UNKNOWN');
  });

  it('creates and revokes keys, a bounded number of them', () => {
    given(opened)
      .when(ask('CreateS3Key', { accessKeyId: 'k', secretAccessKey: 's' }))
      .thenEvents([key('k')]);
    given(opened, key('k'))
      .when(ask('RevokeS3Key', { accessKeyId: 'k' }))
      .thenEvents([{ type: 'S3KeyRevoked', data: { accountId: 'account_1', accessKeyId: 'k' } }]);
    given(opened)
      .when(ask('RevokeS3Key', { accessKeyId: 'k' }))
      .thenRefused('KEY_UNKNOWN', { accessKeyId: 'k' });
    const full = Array.from({ length: keyLimit }, (_, index) => key(`k${index}`));
    given(opened, ...full)
      .when(ask('CreateS3Key', { accessKeyId: 'one more', secretAccessKey: 's' }))
      .thenRefused('TOO_MANY_KEYS', { limit: keyLimit });
  });

  it('credits a charge once', () => {
    given(opened)
      .when(ask('CreditTopUp', { amountMicroUsd: 1000n, provider: 'test-card', reference: 'r1' }))
      .thenEvents([topUp]);
    given(opened, topUp)
      .when(ask('CreditTopUp', { amountMicroUsd: 1000n, provider: 'test-card', reference: 'r1' }))
      .thenEvents([]);
    given(opened)
      .when(ask('CreditTopUp', { amountMicroUsd: 0n, provider: 'test-card', reference: 'r1' }))
      .thenRefused('AMOUNT_NOT_POSITIVE');
  });
});

describe('invoices', () => {
  it('bill usage once', () => {
    given(opened)
      .when(ask('IssueInvoice', { ...invoice, billedUntil: null }))
      .thenEvents([issued(invoice)]);
    given(opened)
      .when(ask('IssueInvoice', { ...invoice, lines: [], billedUntil: null }))
      .thenRefused('NOTHING_TO_BILL');
    given(opened)
      .when(ask('IssueInvoice', { ...inOort, totalMicroUsd: '-5', billedUntil: null }))
      .thenRefused('NOTHING_TO_BILL');
    given(opened, issued(invoice))
      .when(ask('IssueInvoice', { ...invoice, invoiceId: 'invoice_2', billedUntil: null }))
      .thenRefused('USAGE_BILLED_MEANWHILE', { billedUntil: '9' });
  });

  it('may be issued again in the other currency until they are paid', () => {
    given(opened, issued(invoice))
      .when(ask('IssueInvoice', { ...inOort, billedUntil: null }))
      .thenEvents([issued(inOort)]);
    given(opened, topUp, issued(invoice), paid)
      .when(ask('IssueInvoice', { ...inOort, billedUntil: null }))
      .thenRefused('INVOICE_PAID_ALREADY');
  });

  it('are paid with credits, while these last', () => {
    given(opened, topUp, issued(invoice))
      .when(ask('PayWithCredits', { invoiceId: 'invoice_1' }))
      .thenEvents([paid]);
    given(opened, issued(invoice))
      .when(ask('PayWithCredits', { invoiceId: 'invoice_1' }))
      .thenRefused('CREDITS_TOO_LOW', { creditsMicroUsd: '0', payableMicroUsd: '900' });
    given(opened, topUp, issued(invoice), paid)
      .when(ask('PayWithCredits', { invoiceId: 'invoice_1' }))
      .thenRefused('INVOICE_PAID_ALREADY');
    given(opened, topUp)
      .when(ask('PayWithCredits', { invoiceId: 'invoice_1' }))
      .thenRefused('INVOICE_UNKNOWN');
    given(opened, topUp, issued(inOort))
      .when(ask('PayWithCredits', { invoiceId: 'invoice_1' }))
      .thenRefused('INVOICE_IN_OORT');
  });

  const chain = { invoiceId: 'invoice_1', oortMicroUsd: 50_000n, txHash: '0xt', logIndex: 0 };
  const paidOnChain: AccountsEvent = {
    type: 'InvoicePaid',
    data: { invoiceId: 'invoice_1', accountId: 'account_1', method: 'oort', txHash: '0xt' },
  };
  const credited = (amountMicroUsd: string): AccountsEvent => ({
    type: 'CreditsToppedUp',
    data: { accountId: 'account_1', amountMicroUsd, provider: 'oort', reference: '0xt/0' },
  });

  it('are paid on chain; what is too little, too much or too late becomes credits', () => {
    const oort = 10n ** 18n;
    given(opened, issued(inOort))
      .when(ask('RecordChainPayment', { ...chain, amountWei: oort }))
      .thenEvents([paidOnChain]);
    given(opened, issued(inOort))
      .when(ask('RecordChainPayment', { ...chain, amountWei: 3n * oort }))
      .thenEvents([paidOnChain, credited('100000')]);
    given(opened, issued(inOort))
      .when(ask('RecordChainPayment', { ...chain, amountWei: oort / 2n }))
      .thenEvents([credited('25000')]);
    given(opened, issued(inOort), { ...paidOnChain })
      .when(ask('RecordChainPayment', { ...chain, amountWei: oort }))
      .thenEvents([credited('50000')]);
    given(opened, credited('50000'))
      .when(ask('RecordChainPayment', { ...chain, amountWei: oort }))
      .thenEvents([]);
  });
});
