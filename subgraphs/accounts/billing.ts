// Issues invoices: reads what is unbilled, rates it, and asks the account to issue. Numbers come from projections/billing alone.
import { newId } from '@oort/kernel-wire';
import {
  invoiceById,
  newestInvoice,
  payableIn,
  priceBooks,
  rate,
  tokenDiscountBasisPoints,
  unbilledUsage,
  type PriceBook,
} from '@oort/projections-billing';
import type { SubgraphPorts } from '@oort/schema';
import type { AccountCommand } from './commands';

type InvoiceData = Extract<AccountCommand, { readonly type: 'IssueInvoice' }>['data'];

/** Null: the account has no such invoice. */
export async function draftInvoice(
  { store, readModels, now }: Pick<SubgraphPorts, 'store' | 'readModels' | 'now'>,
  book: PriceBook,
  asked: {
    readonly accountId: string;
    readonly currency: 'USD' | 'OORT';
    readonly invoiceId: string | null;
  },
): Promise<InvoiceData | null> {
  const untilPosition = (await store.head()) ?? 0n;
  await readModels.waitFor('billing', untilPosition);
  const { database } = readModels;
  const discount = await tokenDiscountBasisPoints(database, book);
  if (asked.invoiceId !== null)
    return redrawn(database, asked.invoiceId, asked.accountId, asked.currency, discount);
  const periodEnd = now();
  const [{ usage, from }, newest] = await Promise.all([
    unbilledUsage(database, asked.accountId, untilPosition, periodEnd),
    newestInvoice(database, asked.accountId),
  ]);
  const { usageRoot, lines, totalMicroUsd } = rate(usage, book);
  return {
    invoiceId: newId('invoice', periodEnd),
    periodStart: newest?.periodEnd ?? from ?? periodEnd.toISOString(),
    periodEnd: periodEnd.toISOString(),
    untilPosition: untilPosition.toString(),
    billedUntil: newest?.untilPosition ?? null,
    usageRoot,
    priceBookVersion: book.version,
    totalMicroUsd: totalMicroUsd.toString(),
    ...payableText(payableIn(asked.currency, totalMicroUsd, discount, book)),
    lines: lines.map(({ item, quantity, unit, amountMicroUsd }) => ({
      item,
      quantity: quantity.toString(),
      unit,
      amountMicroUsd: amountMicroUsd.toString(),
    })),
  };
}

async function redrawn(
  database: SubgraphPorts['readModels']['database'],
  invoiceId: string,
  accountId: string,
  currency: 'USD' | 'OORT',
  discount: number,
): Promise<InvoiceData | null> {
  const row = await invoiceById(database, invoiceId);
  const book = row === null ? undefined : priceBooks[row.priceBookVersion];
  if (row === null || book === undefined || row.accountId !== accountId) return null;
  const {
    periodStart,
    periodEnd,
    untilPosition,
    usageRoot,
    priceBookVersion,
    totalMicroUsd,
    lines,
  } = row;
  return {
    invoiceId,
    periodStart,
    periodEnd,
    untilPosition,
    billedUntil: null,
    usageRoot,
    priceBookVersion,
    totalMicroUsd,
    lines,
    ...payableText(payableIn(currency, BigInt(totalMicroUsd), discount, book)),
  };
}

function payableText(
  payable: ReturnType<typeof payableIn>,
): Pick<InvoiceData, 'discountBasisPoints' | 'payableMicroUsd' | 'payableWei'> {
  return {
    discountBasisPoints: payable.discountBasisPoints,
    payableMicroUsd: payable.payableMicroUsd.toString(),
    payableWei: payable.payableWei === null ? null : payable.payableWei.toString(),
  };
}
