import { Interface, id as keccakOfText } from 'ethers';
import { findPerson } from '@oort/projections-accounts';
import {
  balancesOf,
  creditBalance,
  invoiceById,
  invoicesOf,
  s3KeysOf,
  tokenDiscountBasisPoints,
} from '@oort/projections-billing';
import { contractAbis, type RequestContext } from '@oort/schema';
import { refusal } from '@oort/kernel-decider';
import { mutations } from './mutations';
import {
  connection,
  presentInvoice,
  presentPriceBook,
  presentRefusal,
  startAfter,
} from './present';
import { notSignedIn } from './refusals';
import type { AccountsRoom } from './room';
import { ownInvoice, shownAccount } from './shown';

interface Page {
  readonly first: number;
  readonly after?: string | null;
}

export function accountsResolvers(room: AccountsRoom): Readonly<Record<string, unknown>> {
  const typeOf = { __resolveType: (value: { readonly __typename: string }) => value.__typename };
  return {
    Query: queries(room),
    Mutation: mutations(room),
    Account: accountFields(room),
    S3Key: { __resolveReference: () => null },
    Invoice: {
      __resolveReference: async ({ id }: { readonly id: string }, context: RequestContext) =>
        ownInvoice(room, id, context),
    },
    SignInChallengeResult: typeOf,
    SignInResult: typeOf,
    S3KeyResult: typeOf,
    AccountResult: typeOf,
    ForgetAccountResult: typeOf,
    InvoiceResult: typeOf,
    PaymentCallResult: typeOf,
  };
}

function queries(room: AccountsRoom): object {
  const { database } = room.ports.readModels;
  return {
    me: async (_: unknown, __: unknown, { actor }: RequestContext) =>
      actor.kind === 'account' ? shownAccount(room, actor.accountId) : null,
    account: async (_: unknown, { id }: { readonly id: string }) => shownAccount(room, id),
    invoice: async (_: unknown, { id }: { readonly id: string }, context: RequestContext) =>
      ownInvoice(room, id, context),
    priceBook: async () =>
      presentPriceBook(room.priceBook, await tokenDiscountBasisPoints(database, room.priceBook)),
    paymentCall: async (
      _: unknown,
      { invoiceId }: { readonly invoiceId: string },
      { actor }: RequestContext,
    ) => {
      if (actor.kind !== 'account') return presentRefusal(notSignedIn);
      const row = await invoiceById(database, invoiceId);
      if (row === null || row.accountId !== actor.accountId)
        return presentRefusal(
          refusal('INVOICE_UNKNOWN', 'This account has no such invoice.', { invoiceId }),
        );
      if (row.payableWei === null)
        return presentRefusal(
          refusal('INVOICE_NOT_IN_OORT', 'Issue the invoice in OORT to pay it on chain.', {
            invoiceId,
          }),
        );
      const contracts = (await room.ports.ledger.request('olympus_contracts')) as {
        readonly [name: string]: string;
      };
      const data = new Interface(contractAbis.Payments).encodeFunctionData('pay', [
        keccakOfText(invoiceId),
      ]);
      return {
        __typename: 'PaymentCall',
        invoiceId,
        to: contracts['Payments'],
        data,
        valueWei: row.payableWei,
      };
    },
  };
}

function accountFields(room: AccountsRoom): object {
  const { database } = room.ports.readModels;
  const privately =
    <A, T>(resolve: (accountId: string, args: A) => Promise<T>) =>
    async (
      { id }: { readonly id: string },
      args: A,
      { actor }: RequestContext,
    ): Promise<T | null> =>
      actor.kind === 'account' && actor.accountId === id ? resolve(id, args) : null;
  return {
    __resolveReference: async ({ id }: { readonly id: string }) => shownAccount(room, id),
    creditsMicroUsd: privately(async (id) => (await creditBalance(database, id)).toString()),
    profile: privately(async (id) => findPerson(room.ports.readModels, id)),
    s3Keys: privately(async (id) =>
      (await s3KeysOf(database, id)).map((row) => ({
        id: row.id,
        secretAccessKey: null,
        revoked: row.revoked,
      })),
    ),
    balances: privately(async (id) =>
      [...(await balancesOf(database, id))].map(([account, amount]) => ({
        account,
        amountMicroUsd: amount.toString(),
      })),
    ),
    invoices: privately(async (id, { first, after }: Page) => {
      const start = startAfter(after);
      const [rows, total] = await invoicesOf(
        database,
        id,
        start,
        Math.min(Math.max(first, 0), 100),
      );
      return connection(rows.map(presentInvoice), total, start);
    }),
  };
}
