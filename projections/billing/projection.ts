import { decodeBytes32String, id as keccakOfText } from 'ethers';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { PlatformEvent } from '@oort/schema';
import {
  AccountEntity,
  InvoiceEntity,
  ParameterEntity,
  PostingEntity,
  S3KeyEntity,
  StorageEntity,
  UsageEntity,
  type InvoiceRow,
} from './entities';
import {
  invoicePostings,
  paymentPostings,
  reversed,
  topUpPostings,
  type Posting,
} from './postings';
import { storageItems, usageOf, usageTypes, type UsageEvent } from './usage';

export const usageSource = 'urn:oort:log';

const types = [
  'AccountOpened',
  'S3KeyCreated',
  'S3KeyRevoked',
  'CreditsToppedUp',
  'InvoiceIssued',
  'InvoicePaid',
  'ObjectStored',
  'ObjectDeleted',
  'ChainLogObserved',
  ...usageTypes,
] as const satisfies readonly PlatformEvent['type'][];

type Billed = Extract<PlatformEvent, { readonly type: (typeof types)[number] }>;
type Of<T extends Billed['type']> = Extract<Billed, { readonly type: T }>['data'];

export const billingProjection: Projection = {
  name: 'billing',
  version: 1,
  subscribes: types,
  entities: [
    AccountEntity,
    S3KeyEntity,
    UsageEntity,
    StorageEntity,
    InvoiceEntity,
    PostingEntity,
    ParameterEntity,
  ],
  apply: (recorded, rows) =>
    apply({ type: recorded.type, data: recorded.data } as unknown as Billed, recorded, rows),
};

async function apply(
  event: Billed,
  recorded: RecordedEvent,
  rows: Rows,
): Promise<void> {
  const at = recorded.metadata.occurredAt;
  switch (event.type) {
    case 'AccountOpened':
      await rows.insert(AccountEntity, {
        id: event.data.accountId,
        address: event.data.address,
        displayName: event.data.displayName,
        openedAt: at,
      });
      return;
    case 'S3KeyCreated':
      await rows.insert(S3KeyEntity, {
        id: event.data.accessKeyId,
        accountId: event.data.accountId,
        revoked: false,
      });
      return;
    case 'S3KeyRevoked':
      await rows.update(S3KeyEntity, { id: event.data.accessKeyId }, { revoked: true });
      return;
    case 'CreditsToppedUp':
      return post(
        rows,
        recorded,
        recorded.id,
        topUpPostings(event.data.accountId, event.data.provider, BigInt(event.data.amountMicroUsd)),
      );
    case 'InvoiceIssued':
      return issue(event.data, recorded, rows);
    case 'InvoicePaid':
      return pay(event.data, recorded, rows);
    case 'ObjectStored':
      return store(event.data, recorded, rows);
    case 'ObjectDeleted':
      await rows.update(
        StorageEntity,
        { id: storageId(event.data) },
        { untilMs: String(Date.parse(at)) },
      );
      return;
    case 'ChainLogObserved':
      return observeParameter(event.data, rows);
    case 'BandwidthSettled':
    case 'JobCompleted':
    case 'JobRefunded':
    case 'OfflineUsageReported':
      return use(event, recorded, rows);
  }
}

async function use(
  event: UsageEvent,
  recorded: RecordedEvent,
  rows: Rows,
): Promise<void> {
  const usage = usageOf(event);
  if (usage === null) return;
  await rows.insert(UsageEntity, {
    id: recorded.id,
    source: usageSource,
    accountId: usage.accountId,
    item: usage.item,
    quantity: usage.quantity.toString(),
    at: recorded.metadata.occurredAt,
    position: recorded.position.toString(),
    invoiceId: null,
  });
}

async function store(
  data: Of<'ObjectStored'>,
  recorded: RecordedEvent,
  rows: Rows,
): Promise<void> {
  const from = String(Date.parse(recorded.metadata.occurredAt));
  await rows.put(
    StorageEntity,
    {
      id: storageId(data),
      accountId: data.accountId,
      item: storageItems[data.storageClass],
      bytes: String(data.sizeBytes),
      fromMs: from,
      untilMs: null,
      billedUntilMs: from,
      position: recorded.position.toString(),
    },
  );
}

/** Issued again under the same id, an invoice is repriced: the earlier postings are reversed, never removed. */
async function issue(
  data: Of<'InvoiceIssued'>,
  recorded: RecordedEvent,
  rows: Rows,
): Promise<void> {
  const earlier = await rows.findOne(InvoiceEntity, { id: data.invoiceId });
  if (earlier !== null)
    await post(rows, recorded, `${recorded.id}/reversal`, reversed(postingsOf(earlier)));
  const row: InvoiceRow = {
    id: data.invoiceId,
    accountId: data.accountId,
    chainId: keccakOfText(data.invoiceId),
    currency: data.payableWei === null ? 'USD' : 'OORT',
    periodStart: data.periodStart,
    periodEnd: data.periodEnd,
    untilPosition: data.untilPosition,
    usageRoot: data.usageRoot,
    priceBookVersion: data.priceBookVersion,
    totalMicroUsd: data.totalMicroUsd,
    discountBasisPoints: data.discountBasisPoints,
    payableMicroUsd: data.payableMicroUsd,
    payableWei: data.payableWei,
    lines: data.lines,
    paidBy: null,
    txHash: null,
    position: recorded.position.toString(),
  };
  await rows.put(InvoiceEntity, row);
  await post(rows, recorded, recorded.id, postingsOf(row));
  if (earlier !== null) return;
  await rows.query(
    `UPDATE usage SET "invoiceId" = $1 WHERE "accountId" = $2 AND "invoiceId" IS NULL AND position <= $3`,
    [data.invoiceId, data.accountId, data.untilPosition],
  );
  await rows.query(
    `UPDATE storage SET "billedUntilMs" = LEAST(COALESCE("untilMs", $3::numeric), $3::numeric) WHERE "accountId" = $1 AND position <= $2`,
    [data.accountId, data.untilPosition, String(Date.parse(data.periodEnd))],
  );
}

async function pay(
  data: Of<'InvoicePaid'>,
  recorded: RecordedEvent,
  rows: Rows,
): Promise<void> {
  const invoice = await rows.get(InvoiceEntity, { id: data.invoiceId });
  await rows.update(
    InvoiceEntity,
    { id: invoice.id },
    { paidBy: data.method, txHash: data.txHash },
  );
  const payableMicroUsd = BigInt(invoice.payableMicroUsd);
  await post(
    rows,
    recorded,
    recorded.id,
    paymentPostings({ accountId: invoice.accountId, payableMicroUsd }, data.method),
  );
}

async function observeParameter(
  data: Of<'ChainLogObserved'>,
  rows: Rows,
): Promise<void> {
  if (data.contract !== 'Governance' || data.event !== 'ParameterChanged') return;
  const { name, value } = data.args;
  if (typeof name !== 'string' || typeof value !== 'string') return;
  await rows.put(ParameterEntity, { name: parameterName(name), value });
}

/** Governance names are bytes32 of UTF-8; one that is not text is kept as it is. */
function parameterName(bytes32: string): string {
  try {
    return decodeBytes32String(bytes32);
  } catch {
    return bytes32;
  }
}

async function post(
  rows: Rows,
  recorded: RecordedEvent,
  journalId: string,
  postings: readonly Posting[],
): Promise<void> {
  if (postings.length === 0) return;
  await rows.insert(
    PostingEntity,
    postings.map(({ account, amountMicroUsd }, index) => ({
      id: `${journalId}/${index}`,
      journalId,
      account,
      amountMicroUsd: amountMicroUsd.toString(),
      position: recorded.position.toString(),
    })),
  );
}

function postingsOf(invoice: InvoiceRow): readonly Posting[] {
  return invoicePostings({
    accountId: invoice.accountId,
    totalMicroUsd: BigInt(invoice.totalMicroUsd),
    payableMicroUsd: BigInt(invoice.payableMicroUsd),
    lines: invoice.lines.map(({ item, amountMicroUsd }) => ({
      item,
      amountMicroUsd: BigInt(amountMicroUsd),
    })),
  });
}

const storageId = ({
  bucket,
  key,
  versionId,
}: {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}): string => JSON.stringify([bucket, key, versionId]);
