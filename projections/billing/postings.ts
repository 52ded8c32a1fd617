// Double entry: every journal sums to zero. Debits are positive, credits negative. Amounts are integers of micro-dollars.

export interface Posting {
  readonly account: string;
  readonly amountMicroUsd: bigint;
}

interface IssuedInvoice {
  readonly accountId: string;
  readonly totalMicroUsd: bigint;
  readonly payableMicroUsd: bigint;
  readonly lines: readonly { readonly item: string; readonly amountMicroUsd: bigint }[];
}

/** What the platform owes the account: a liability, so a balance of credits is negative here. */
export const creditsOf = (accountId: string): string => `credits:${accountId}`;
const receivable = (accountId: string): string => `receivable:${accountId}`;

export function topUpPostings(
  accountId: string,
  provider: string,
  amountMicroUsd: bigint,
): readonly Posting[] {
  return [
    { account: `cash:${provider}`, amountMicroUsd },
    { account: creditsOf(accountId), amountMicroUsd: -amountMicroUsd },
  ];
}

/** The token discount is contra-revenue: revenue stays what the work was worth, and no node's pay is lowered. */
export function invoicePostings(invoice: IssuedInvoice): readonly Posting[] {
  return [
    { account: receivable(invoice.accountId), amountMicroUsd: invoice.payableMicroUsd },
    {
      account: 'contra-revenue:token-discount',
      amountMicroUsd: invoice.totalMicroUsd - invoice.payableMicroUsd,
    },
    ...invoice.lines.map(({ item, amountMicroUsd }) => ({
      account: `revenue:${item}`,
      amountMicroUsd: -amountMicroUsd,
    })),
  ].filter(({ amountMicroUsd }) => amountMicroUsd !== 0n);
}

export function paymentPostings(
  invoice: Pick<IssuedInvoice, 'accountId' | 'payableMicroUsd'>,
  method: 'credits' | 'oort',
): readonly Posting[] {
  const from = method === 'credits' ? creditsOf(invoice.accountId) : 'treasury:oort';
  return [
    { account: from, amountMicroUsd: invoice.payableMicroUsd },
    { account: receivable(invoice.accountId), amountMicroUsd: -invoice.payableMicroUsd },
  ];
}

export function reversed(postings: readonly Posting[]): readonly Posting[] {
  return postings.map(({ account, amountMicroUsd }) => ({
    account,
    amountMicroUsd: -amountMicroUsd,
  }));
}

export function sumOf(postings: readonly Posting[]): bigint {
  return postings.reduce((sum, { amountMicroUsd }) => sum + amountMicroUsd, 0n);
}
