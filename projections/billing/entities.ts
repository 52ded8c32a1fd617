import { EntitySchema } from 'typeorm';

/** Amounts and positions are bigints as text (numeric columns). */
export interface AccountRow {
  id: string;
  address: string;
  displayName: string;
  openedAt: string;
}
export interface S3KeyRow {
  id: string;
  accountId: string;
  revoked: boolean;
}

/** Something used once. `id` is the event's, `invoiceId` the invoice that billed it. */
export interface UsageRow {
  id: string;
  source: string;
  accountId: string;
  item: string;
  quantity: string;
  at: string;
  position: string;
  invoiceId: string | null;
}

/** Bytes that lie stored: used from `fromMs` on, billed up to `billedUntilMs`. */
export interface StorageRow {
  id: string;
  accountId: string;
  item: string;
  bytes: string;
  fromMs: string;
  untilMs: string | null;
  billedUntilMs: string;
  position: string;
}

export interface InvoiceRow {
  id: string;
  accountId: string;
  /** keccak256 of the id: what Payments.pay is called with. */
  chainId: string;
  currency: 'USD' | 'OORT';
  periodStart: string;
  periodEnd: string;
  untilPosition: string;
  usageRoot: string;
  priceBookVersion: string;
  totalMicroUsd: string;
  discountBasisPoints: number;
  payableMicroUsd: string;
  payableWei: string | null;
  lines: readonly {
    readonly item: string;
    readonly quantity: string;
    readonly unit: string;
    readonly amountMicroUsd: string;
  }[];
  paidBy: 'credits' | 'oort' | null;
  txHash: string | null;
  position: string;
}

export interface PostingRow {
  id: string;
  journalId: string;
  account: string;
  amountMicroUsd: string;
  position: string;
}
export interface ParameterRow {
  name: string;
  value: string;
}

const schema = 'billing';
const text = { type: 'text' } as const;
const nullableText = { type: 'text', nullable: true } as const;
const integer = { type: 'numeric', precision: 78, scale: 0 } as const;
const key = { type: 'text', primary: true } as const;

export const AccountEntity = new EntitySchema<AccountRow>({
  name: 'BillingAccount',
  tableName: 'account',
  schema,
  columns: { id: key, address: text, displayName: text, openedAt: text },
});

export const S3KeyEntity = new EntitySchema<S3KeyRow>({
  name: 'BillingS3Key',
  tableName: 's3_key',
  schema,
  columns: { id: key, accountId: text, revoked: { type: 'boolean' } },
  indices: [{ name: 's3_key_account', columns: ['accountId'] }],
});

export const UsageEntity = new EntitySchema<UsageRow>({
  name: 'BillingUsage',
  tableName: 'usage',
  schema,
  columns: {
    id: key,
    source: text,
    accountId: text,
    item: text,
    quantity: integer,
    at: text,
    position: integer,
    invoiceId: nullableText,
  },
  indices: [{ name: 'usage_account', columns: ['accountId', 'invoiceId'] }],
});

export const StorageEntity = new EntitySchema<StorageRow>({
  name: 'BillingStorage',
  tableName: 'storage',
  schema,
  columns: {
    id: key,
    accountId: text,
    item: text,
    bytes: integer,
    fromMs: integer,
    untilMs: { ...integer, nullable: true },
    billedUntilMs: integer,
    position: integer,
  },
  indices: [{ name: 'storage_account', columns: ['accountId'] }],
});

export const InvoiceEntity = new EntitySchema<InvoiceRow>({
  name: 'BillingInvoice',
  tableName: 'invoice',
  schema,
  columns: {
    id: key,
    accountId: text,
    chainId: text,
    currency: text,
    periodStart: text,
    periodEnd: text,
    untilPosition: integer,
    usageRoot: text,
    priceBookVersion: text,
    totalMicroUsd: integer,
    discountBasisPoints: { type: 'integer' },
    payableMicroUsd: integer,
    payableWei: { ...integer, nullable: true },
    lines: { type: 'jsonb' },
    paidBy: nullableText,
    txHash: nullableText,
    position: integer,
  },
  indices: [
    { name: 'invoice_account', columns: ['accountId'] },
    { name: 'invoice_chain', columns: ['chainId'] },
  ],
});

export const PostingEntity = new EntitySchema<PostingRow>({
  name: 'BillingPosting',
  tableName: 'posting',
  schema,
  columns: { id: key, journalId: text, account: text, amountMicroUsd: integer, position: integer },
  indices: [
    { name: 'posting_account', columns: ['account'] },
    { name: 'posting_journal', columns: ['journalId'] },
  ],
});

export const ParameterEntity = new EntitySchema<ParameterRow>({
  name: 'BillingParameter',
  tableName: 'parameter',
  schema,
  columns: { name: key, value: text },
});
