// Single things, as whoever asks may see them.
import { findPerson } from '@oort/projections-accounts';
import { accountById, invoiceById } from '@oort/projections-billing';
import type { RequestContext } from '@oort/schema';
import { refusal } from '@oort/kernel-decider';
import { presentAccount, presentInvoice, presentRefusal } from './present';
import type { AccountsRoom } from './room';

export async function shownAccount(room: AccountsRoom, id: string): Promise<object | null> {
  const { readModels } = room.ports;
  const [row, person] = await Promise.all([
    accountById(readModels.database, id),
    findPerson(readModels, id),
  ]);
  return row === null ? null : presentAccount(row, person);
}

export async function shownInvoice(room: AccountsRoom, id: string): Promise<object> {
  const row = await invoiceById(room.ports.readModels.database, id);
  return row === null
    ? presentRefusal(refusal('INVOICE_UNKNOWN', 'There is no such invoice.', { invoiceId: id }))
    : presentInvoice(row);
}

/** Bills are private: another's invoice looks like none. */
export async function ownInvoice(
  room: AccountsRoom,
  id: string,
  { actor }: RequestContext,
): Promise<object | null> {
  const row = await invoiceById(room.ports.readModels.database, id);
  return row !== null && actor.kind === 'account' && row.accountId === actor.accountId
    ? presentInvoice(row)
    : null;
}
