// Rows and refusals as the graph shows them.
import type { Json } from '@oort/kernel-wire';
import type { PersonRow } from '@oort/projections-accounts';
import type { AccountRow, InvoiceRow, PriceBook } from '@oort/projections-billing';

export function presentRefusal({
  code,
  message,
  payload,
}: {
  readonly code: string;
  readonly message: string;
  readonly payload: unknown;
}): object {
  return { __typename: 'Refusal', code, message, detail: payload as Json };
}

export function presentAccount(row: AccountRow, person: PersonRow | null): object {
  return {
    __typename: 'Account',
    id: row.id,
    address: row.address,
    displayName: person?.displayName ?? row.displayName,
    openedAt: row.openedAt,
    forgotten: person !== null && person.forgottenAt !== null,
  };
}

export function presentInvoice(row: InvoiceRow): object {
  return { __typename: 'Invoice', ...row, status: row.paidBy === null ? 'ISSUED' : 'PAID' };
}

export function presentPriceBook(book: PriceBook, tokenDiscountBasisPoints: number): object {
  return {
    version: book.version,
    oortMicroUsd: book.oortMicroUsd.toString(),
    tokenDiscountBasisPoints,
    prices: Object.entries(book.prices).map(([item, { unit, microUsd, per }]) => ({
      item,
      unit,
      microUsd: microUsd.toString(),
      per: per.toString(),
    })),
  };
}

/** Cursors are offsets into a list whose order does not change from behind. */
export function connection(rows: readonly object[], totalCount: number, start: number): object {
  const cursors = rows.map((_, index) => String(start + index));
  return {
    totalCount,
    edges: rows.map((node, index) => ({ cursor: cursors[index], node })),
    pageInfo: {
      hasNextPage: start + rows.length < totalCount,
      hasPreviousPage: start > 0,
      startCursor: cursors[0] ?? null,
      endCursor: cursors.at(-1) ?? null,
    },
  };
}

export function startAfter(after: string | null | undefined): number {
  return after != null && /^\d{1,9}$/.test(after) ? Number(after) + 1 : 0;
}
