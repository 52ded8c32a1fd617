import { In, type DataSource } from 'typeorm';
import { Fault } from '@oort/kernel-wire';
import {
  AccountEntity,
  InvoiceEntity,
  ParameterEntity,
  PostingEntity,
  S3KeyEntity,
  StorageEntity,
  UsageEntity,
  type AccountRow,
  type InvoiceRow,
  type S3KeyRow,
} from './entities';
import type { BilledUsage } from './invoice';
import { creditsOf } from './postings';
import { billedItems, type BilledItem, type PriceBook } from './price-book';
import { usageSource } from './projection';

export class UnknownBilledItem extends Fault {
  constructor(item: string) {
    super('UNKNOWN_BILLED_ITEM', `no price for ${item}`, { item });
  }
}

export interface Unbilled {
  readonly usage: readonly BilledUsage[];
  /** RFC 3339, of the oldest record. */ readonly from: string | null;
}

/** What no invoice has billed: records up to `position`, and the time that stored bytes lay there until `until`. */
export async function unbilledUsage(
  database: DataSource,
  accountId: string,
  position: bigint,
  until: Date,
): Promise<Unbilled> {
  const rows = await database
    .getRepository(UsageEntity)
    .createQueryBuilder('usage')
    .where(
      'usage.accountId = :accountId AND usage.invoiceId IS NULL AND usage.position <= :position',
      { accountId, position: position.toString() },
    )
    .orderBy('usage.position')
    .getMany();
  const stored = await database
    .getRepository(StorageEntity)
    .createQueryBuilder('storage')
    .where('storage.accountId = :accountId AND storage.position <= :position', {
      accountId,
      position: position.toString(),
    })
    .getMany();
  const intervals = stored.flatMap((row) => {
    const end = BigInt(
      row.untilMs === null ? until.getTime() : Math.min(Number(row.untilMs), until.getTime()),
    );
    const quantity = (end - BigInt(row.billedUntilMs)) * BigInt(row.bytes);
    return quantity === 0n
      ? []
      : [
          {
            source: usageSource,
            id: row.id,
            item: itemOf(row.item),
            quantity,
            at: new Date(Number(row.billedUntilMs)).toISOString(),
          },
        ];
  });
  const usage = [
    ...rows.map((row) => ({
      source: row.source,
      id: row.id,
      item: itemOf(row.item),
      quantity: BigInt(row.quantity),
      at: row.at,
    })),
    ...intervals,
  ];
  return { usage, from: usage.map(({ at }) => at).sort()[0] ?? null };
}

export const accountById = (database: DataSource, id: string): Promise<AccountRow | null> =>
  database.getRepository(AccountEntity).findOneBy({ id });

export async function accountsById(
  database: DataSource,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AccountRow>> {
  const rows = await database.getRepository(AccountEntity).findBy({ id: In([...ids]) });
  return new Map(rows.map((row) => [row.id, row]));
}

export const s3KeysOf = (database: DataSource, accountId: string): Promise<S3KeyRow[]> =>
  database.getRepository(S3KeyEntity).find({ where: { accountId }, order: { id: 'ASC' } });

export const invoiceById = (database: DataSource, id: string): Promise<InvoiceRow | null> =>
  database.getRepository(InvoiceEntity).findOneBy({ id });
export const invoiceByChainId = (
  database: DataSource,
  chainId: string,
): Promise<InvoiceRow | null> => database.getRepository(InvoiceEntity).findOneBy({ chainId });

/** The one that billed the latest usage. */
export const newestInvoice = (
  database: DataSource,
  accountId: string,
): Promise<InvoiceRow | null> =>
  database
    .getRepository(InvoiceEntity)
    .findOne({ where: { accountId }, order: { untilPosition: 'DESC' } });

/** Newest first. */
export async function invoicesOf(
  database: DataSource,
  accountId: string,
  skip: number,
  take: number,
): Promise<readonly [InvoiceRow[], number]> {
  return database
    .getRepository(InvoiceEntity)
    .findAndCount({ where: { accountId }, order: { position: 'DESC' }, skip, take });
}

export async function creditBalance(database: DataSource, accountId: string): Promise<bigint> {
  const sums = await balances(database, [creditsOf(accountId)]);
  return -(sums.get(creditsOf(accountId)) ?? 0n);
}

export async function balancesOf(
  database: DataSource,
  accountId: string,
): Promise<ReadonlyMap<string, bigint>> {
  return balances(database, [creditsOf(accountId), `receivable:${accountId}`]);
}

async function balances(
  database: DataSource,
  accounts: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const rows = await database
    .getRepository(PostingEntity)
    .createQueryBuilder('posting')
    .select('posting.account', 'account')
    .addSelect('SUM(posting.amountMicroUsd)', 'sum')
    .where('posting.account IN (:...accounts)', { accounts })
    .groupBy('posting.account')
    .getRawMany<{ account: string; sum: string }>();
  return new Map(rows.map(({ account, sum }) => [account, BigInt(sum)]));
}

/** The sum of all postings; anything but zero is a bug. */
export async function trialBalance(database: DataSource): Promise<bigint> {
  const row = await database
    .getRepository(PostingEntity)
    .createQueryBuilder('posting')
    .select('COALESCE(SUM(posting.amountMicroUsd), 0)', 'sum')
    .getRawOne<{ sum: string }>();
  return BigInt(row?.sum ?? '0');
}

/** What governance voted last, or the price book's own until it did. */
export async function tokenDiscountBasisPoints(
  database: DataSource,
  book: PriceBook,
): Promise<number> {
  const row = await database.getRepository(ParameterEntity).findOneBy({ name: 'tokenDiscountBps' });
  const voted = Number(row?.value ?? book.tokenDiscountBasisPoints);
  return Number.isInteger(voted) && voted >= 0 && voted <= 10_000
    ? voted
    : book.tokenDiscountBasisPoints;
}

function itemOf(text: string): BilledItem {
  const item = billedItems.find((candidate) => candidate === text);
  if (item === undefined) throw new UnknownBilledItem(text);
  return item;
}
