import { randomBytes } from 'node:crypto';
import { Interface, id as keccakOfText } from 'ethers';
import { command, type Outcome } from '@oort/kernel-decider';
import type { DeviceKey } from '@oort/kernel-identity';
import {
  accountById, balancesOf, creditBalance, invoiceById, invoicesOf, s3KeysOf, tokenDiscountBasisPoints, type AccountRow, type InvoiceRow, type PriceBook,
} from '@oort/projections-billing';
import { contractAbis, type RequestContext, type SubgraphPorts } from '@oort/schema';
import { draftInvoice } from './billing';
import type { Challenges } from './challenges';
import type { AccountCommand } from './commands';
import type { PaymentProvider } from './payment-provider';
import { connection, presentAccount, presentInvoice, presentPriceBook, presentRefusal, startAfter } from './present';
import { notSignedIn, refusal, type AccountRefusal } from './refusals';
import type { S3KeyIndex } from './s3-keys';
import { challengeFor, proveSignIn, sessionFor, type Site } from './sign-in';
import type { AccountState } from './state';

export interface AccountsRoom {
  readonly ports: Pick<SubgraphPorts, 'store' | 'readModels' | 'ledger' | 'now'>;
  readonly handle: (accountId: string, command: AccountCommand) => Promise<Outcome<AccountState, AccountRefusal>>;
  readonly site: Site;
  readonly sessionKey: DeviceKey;
  readonly challenges: Challenges;
  readonly s3Keys: S3KeyIndex;
  readonly providers: readonly PaymentProvider[];
  readonly priceBook: PriceBook;
}

interface Input<T> { readonly input: T }
interface Page { readonly first: number; readonly after?: string | null }
type Signed = Extract<RequestContext['actor'], { readonly kind: 'account' }>;

export function accountsResolvers(room: AccountsRoom): Readonly<Record<string, unknown>> {
  const typeOf = { __resolveType: (value: { readonly __typename: string }) => value.__typename };
  return {
    Query: queries(room), Mutation: mutations(room),
    Account: accountFields(room),
    S3Key: { __resolveReference: () => null },
    Invoice: {
      __resolveReference: async ({ id }: { readonly id: string }, context: RequestContext) => ownInvoice(room, id, context),
    },
    SignInChallengeResult: typeOf, SignInResult: typeOf, S3KeyResult: typeOf, AccountResult: typeOf, InvoiceResult: typeOf, PaymentCallResult: typeOf,
  };
}

function queries(room: AccountsRoom): object {
  const { database } = room.ports.readModels;
  return {
    me: async (_: unknown, __: unknown, { actor }: RequestContext) => (actor.kind === 'account' ? shownAccount(room, actor.accountId) : null),
    account: async (_: unknown, { id }: { readonly id: string }) => shownAccount(room, id),
    invoice: async (_: unknown, { id }: { readonly id: string }, context: RequestContext) => ownInvoice(room, id, context),
    priceBook: async () => presentPriceBook(room.priceBook, await tokenDiscountBasisPoints(database, room.priceBook)),
    paymentCall: async (_: unknown, { invoiceId }: { readonly invoiceId: string }, { actor }: RequestContext) => {
      if (actor.kind !== 'account') return presentRefusal(notSignedIn);
      const row = await invoiceById(database, invoiceId);
      if (row === null || row.accountId !== actor.accountId) return presentRefusal(refusal('INVOICE_UNKNOWN', 'This account has no such invoice.', { invoiceId }));
      if (row.payableWei === null) return presentRefusal(refusal('INVOICE_NOT_IN_OORT', 'Issue the invoice in OORT to pay it on chain.', { invoiceId }));
      const contracts = await room.ports.ledger.request('olympus_contracts') as { readonly [name: string]: string };
      const data = new Interface(contractAbis.Payments).encodeFunctionData('pay', [keccakOfText(invoiceId)]);
      return { __typename: 'PaymentCall', invoiceId, to: contracts['Payments'], data, valueWei: row.payableWei };
    },
  };
}

function accountFields(room: AccountsRoom): object {
  const { database } = room.ports.readModels;
  const privately = <A, T>(resolve: (accountId: string, args: A) => Promise<T>) =>
    async ({ id }: { readonly id: string }, args: A, { actor }: RequestContext): Promise<T | null> =>
      (actor.kind === 'account' && actor.accountId === id ? resolve(id, args) : null);
  return {
    __resolveReference: async ({ id }: { readonly id: string }) => shownAccount(room, id),
    creditsMicroUsd: privately(async (id) => (await creditBalance(database, id)).toString()),
    s3Keys: privately(async (id) => (await s3KeysOf(database, id)).map((row) => ({ id: row.id, secretAccessKey: null, revoked: row.revoked }))),
    balances: privately(async (id) => [...await balancesOf(database, id)].map(([account, amount]) => ({ account, amountMicroUsd: amount.toString() }))),
    invoices: privately(async (id, { first, after }: Page) => {
      const start = startAfter(after);
      const [rows, total] = await invoicesOf(database, id, start, Math.min(Math.max(first, 0), 100));
      return connection(rows.map(presentInvoice), total, start);
    }),
  };
}

function mutations(room: AccountsRoom): object {
  return {
    signInChallenge: (_: unknown, { input }: Input<{ readonly address: string }>) => {
      const challenge = challengeFor(input.address, room.site, room.challenges, room.ports.now());
      return 'code' in challenge ? presentRefusal(challenge)
        : { __typename: 'SignInChallenge', message: challenge.message, expiresAt: challenge.expiresAt.toISOString() };
    },
    signIn: (_: unknown, { input }: Input<{ readonly message: string; readonly signature: string }>) => signIn(room, input),
    createS3Key: signedIn((actor) => createS3Key(room, actor)),
    revokeS3Key: signedIn(async (actor, { accessKeyId }: { readonly accessKeyId: string }) => {
      const outcome = await send(room, actor, command('RevokeS3Key', { accessKeyId }, { actor: actor.accountId, now: room.ports.now() }));
      await room.s3Keys.catchUp();
      return outcome.ok ? { __typename: 'S3Key', id: accessKeyId, secretAccessKey: null, revoked: true } : presentRefusal(outcome.refusal);
    }),
    topUpCredits: signedIn((actor, input: TopUp) => topUp(room, actor, input)),
    issueInvoice: signedIn(async (actor, { currency, invoiceId }: { readonly currency: 'USD' | 'OORT'; readonly invoiceId?: string | null }) => {
      const draft = await draftInvoice(room.ports, room.priceBook, { accountId: actor.accountId, currency, invoiceId: invoiceId ?? null });
      if (draft === null) return presentRefusal(refusal('INVOICE_UNKNOWN', 'This account has no such invoice.', { invoiceId }));
      const outcome = await send(room, actor, command('IssueInvoice', draft, { actor: actor.accountId, now: room.ports.now() }));
      return outcome.ok ? shownInvoice(room, draft.invoiceId) : presentRefusal(outcome.refusal);
    }),
    payInvoice: signedIn(async (actor, { invoiceId }: { readonly invoiceId: string }) => {
      const outcome = await send(room, actor, command('PayWithCredits', { invoiceId }, { actor: actor.accountId, now: room.ports.now() }));
      return outcome.ok ? shownInvoice(room, invoiceId) : presentRefusal(outcome.refusal);
    }),
  };
}

interface TopUp { readonly amountMicroUsd: string; readonly paymentMethod: string; readonly card: string; readonly idempotencyKey: string }

async function topUp(room: AccountsRoom, actor: Signed, input: TopUp): Promise<object> {
  if (!/^\d{1,15}$/.test(input.amountMicroUsd) || BigInt(input.amountMicroUsd) === 0n) {
    return presentRefusal(refusal('AMOUNT_INVALID', 'A top-up is a whole number of micro-dollars above zero.', { amountMicroUsd: input.amountMicroUsd }));
  }
  const provider = room.providers.find(({ name }) => name === input.paymentMethod);
  if (provider === undefined) {
    const known = room.providers.map(({ name }) => name);
    return presentRefusal(refusal('PAYMENT_METHOD_UNKNOWN', `Known payment methods: ${known.join(', ')}.`, { paymentMethod: input.paymentMethod, known }));
  }
  const amountMicroUsd = BigInt(input.amountMicroUsd);
  const charge = await provider.charge({ accountId: actor.accountId, amountMicroUsd, card: input.card, idempotencyKey: input.idempotencyKey });
  if (!charge.ok) return presentRefusal(refusal('CARD_DECLINED', charge.reason, { reason: charge.reason }));
  const data = { amountMicroUsd, provider: provider.name, reference: charge.reference };
  const outcome = await send(room, actor, command('CreditTopUp', data, { actor: actor.accountId, now: room.ports.now() }));
  return outcome.ok ? await shownAccount(room, actor.accountId) ?? presentRefusal(notSignedIn) : presentRefusal(outcome.refusal);
}

async function signIn(room: AccountsRoom, { message, signature }: { readonly message: string; readonly signature: string }): Promise<object> {
  const now = room.ports.now();
  const proven = proveSignIn(message, signature, room.site, room.challenges, now);
  if (!proven.ok) return presentRefusal(proven.refusal);
  const { accountId, address } = proven;
  const displayName = `${address.slice(0, 6)}…${address.slice(-4)}`;
  const opened = await room.handle(accountId, command('OpenAccount', { accountId, address, displayName }, { actor: accountId, now }));
  if (!opened.ok) return presentRefusal(opened.refusal);
  await room.ports.readModels.waitFor('billing', opened.position);
  return { __typename: 'AccountSession', ...sessionFor(accountId, address, room.sessionKey, now), account: await shownAccount(room, accountId) };
}

async function createS3Key(room: AccountsRoom, actor: Signed): Promise<object> {
  const accessKeyId = `OORT${randomBytes(10).toString('hex').toUpperCase().slice(0, 16)}`;
  const secretAccessKey = randomBytes(30).toString('base64url');
  const outcome = await send(room, actor, command('CreateS3Key', { accessKeyId, secretAccessKey }, { actor: actor.accountId, now: room.ports.now() }));
  await room.s3Keys.catchUp();
  return outcome.ok ? { __typename: 'S3Key', id: accessKeyId, secretAccessKey, revoked: false } : presentRefusal(outcome.refusal);
}

async function send(room: AccountsRoom, actor: Signed, asked: AccountCommand): Promise<Outcome<AccountState, AccountRefusal>> {
  const outcome = await room.handle(actor.accountId, asked);
  if (outcome.ok) await room.ports.readModels.waitFor('billing', outcome.position);
  return outcome;
}

function signedIn<T>(resolve: (actor: Signed, input: T) => Promise<object>) {
  return async (_: unknown, { input }: Input<T>, { actor }: RequestContext): Promise<object> =>
    (actor.kind === 'account' ? resolve(actor, input) : presentRefusal(notSignedIn));
}

async function shownAccount(room: AccountsRoom, id: string): Promise<object | null> {
  const row: AccountRow | null = await accountById(room.ports.readModels.database, id);
  return row === null ? null : presentAccount(row);
}

async function shownInvoice(room: AccountsRoom, id: string): Promise<object> {
  const row: InvoiceRow | null = await invoiceById(room.ports.readModels.database, id);
  return row === null ? presentRefusal(refusal('INVOICE_UNKNOWN', 'There is no such invoice.', { invoiceId: id })) : presentInvoice(row);
}

/** Bills are private: another's invoice looks like none. */
async function ownInvoice(room: AccountsRoom, id: string, { actor }: RequestContext): Promise<object | null> {
  const row = await invoiceById(room.ports.readModels.database, id);
  return row !== null && actor.kind === 'account' && row.accountId === actor.accountId ? presentInvoice(row) : null;
}
