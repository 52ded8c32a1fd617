// Parse, call, present.
import { randomBytes } from 'node:crypto';
import { command, refusal, type Outcome } from '@oort/kernel-decider';
import type { RequestContext } from '@oort/schema';
import { draftInvoice } from './billing';
import type { AccountCommand } from './commands';
import { presentRefusal } from './present';
import { notSignedIn, type AccountRefusal } from './refusals';
import type { AccountsRoom, Signed } from './room';
import { shownAccount, shownInvoice } from './shown';
import { challengeFor, proveSignIn, sessionFor } from './sign-in';
import type { AccountState } from './state';

interface Input<T> {
  readonly input: T;
}

export function mutations(room: AccountsRoom): object {
  return {
    signInChallenge: (_: unknown, { input }: Input<{ readonly address: string }>) => {
      const challenge = challengeFor(input.address, room.site, room.challenges, room.ports.now());
      return 'code' in challenge
        ? presentRefusal(challenge)
        : {
            __typename: 'SignInChallenge',
            message: challenge.message,
            expiresAt: challenge.expiresAt.toISOString(),
          };
    },
    signIn: (
      _: unknown,
      { input }: Input<{ readonly message: string; readonly signature: string }>,
    ) => signIn(room, input),
    createS3Key: signedIn((actor) => createS3Key(room, actor)),
    revokeS3Key: signedIn(async (actor, { accessKeyId }: { readonly accessKeyId: string }) => {
      const outcome = await send(
        room,
        actor,
        command('RevokeS3Key', { accessKeyId }, { actor: actor.accountId, now: room.ports.now() }),
      );
      await room.s3Keys.catchUp();
      return outcome.ok
        ? { __typename: 'S3Key', id: accessKeyId, secretAccessKey: null, revoked: true }
        : presentRefusal(outcome.refusal);
    }),
    updateProfile: signedIn((actor, input: Partial<Told>) => updateProfile(room, actor, input)),
    forgetAccount: signedIn((actor, { accountId }: { readonly accountId: string }) =>
      forgetAccount(room, actor, accountId),
    ),
    topUpCredits: signedIn((actor, input: TopUp) => topUp(room, actor, input)),
    issueInvoice: signedIn(
      async (
        actor,
        {
          currency,
          invoiceId,
        }: { readonly currency: 'USD' | 'OORT'; readonly invoiceId?: string | null },
      ) => {
        const draft = await draftInvoice(room.ports, room.priceBook, {
          accountId: actor.accountId,
          currency,
          invoiceId: invoiceId ?? null,
        });
        if (draft === null)
          return presentRefusal(
            refusal('INVOICE_UNKNOWN', 'This account has no such invoice.', { invoiceId }),
          );
        const outcome = await send(
          room,
          actor,
          command('IssueInvoice', draft, { actor: actor.accountId, now: room.ports.now() }),
        );
        return outcome.ok ? shownInvoice(room, draft.invoiceId) : presentRefusal(outcome.refusal);
      },
    ),
    payInvoice: signedIn(async (actor, { invoiceId }: { readonly invoiceId: string }) => {
      const outcome = await send(
        room,
        actor,
        command('PayWithCredits', { invoiceId }, { actor: actor.accountId, now: room.ports.now() }),
      );
      return outcome.ok ? shownInvoice(room, invoiceId) : presentRefusal(outcome.refusal);
    }),
  };
}

interface Told {
  readonly displayName: string | null;
  readonly email: string | null;
  readonly legalName: string | null;
  readonly country: string | null;
}

async function updateProfile(
  room: AccountsRoom,
  actor: Signed,
  { displayName = null, email = null, legalName = null, country = null }: Partial<Told>,
): Promise<object> {
  const told = { displayName, email, legalName, country };
  const outcome = await send(
    room,
    actor,
    command('UpdateProfile', told, { actor: actor.accountId, now: room.ports.now() }),
  );
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  return (await shownAccount(room, actor.accountId)) ?? presentRefusal(notSignedIn);
}

/** Answers when the keys are gone and no read model shows anything any more. */
async function forgetAccount(
  room: AccountsRoom,
  actor: Signed,
  accountId: string,
): Promise<object> {
  if (accountId !== actor.accountId)
    return presentRefusal(
      refusal('NOT_YOUR_ACCOUNT', 'Only the account itself may ask to be forgotten.', {
        accountId,
      }),
    );
  const outcome = await send(
    room,
    actor,
    command('ForgetPerson', {}, { actor: accountId, now: room.ports.now() }),
  );
  if (!outcome.ok) return presentRefusal(outcome.refusal);
  await room.forgetKeys(accountId);
  await Promise.all([room.s3Keys.catchUp(), room.forgotten.catchUp()]);
  return { __typename: 'ForgottenAccount', accountId };
}

interface TopUp {
  readonly amountMicroUsd: string;
  readonly paymentMethod: string;
  readonly card: string;
  readonly idempotencyKey: string;
}

async function topUp(room: AccountsRoom, actor: Signed, input: TopUp): Promise<object> {
  if (!/^\d{1,15}$/.test(input.amountMicroUsd) || BigInt(input.amountMicroUsd) === 0n) {
    return presentRefusal(
      refusal('AMOUNT_INVALID', 'A top-up is a whole number of micro-dollars above zero.', {
        amountMicroUsd: input.amountMicroUsd,
      }),
    );
  }
  const provider = room.providers.find(({ name }) => name === input.paymentMethod);
  if (provider === undefined) {
    const known = room.providers.map(({ name }) => name);
    return presentRefusal(
      refusal('PAYMENT_METHOD_UNKNOWN', `Known payment methods: ${known.join(', ')}.`, {
        paymentMethod: input.paymentMethod,
        known,
      }),
    );
  }
  const amountMicroUsd = BigInt(input.amountMicroUsd);
  const charge = await provider.charge({
    accountId: actor.accountId,
    amountMicroUsd,
    card: input.card,
    idempotencyKey: input.idempotencyKey,
  });
  if (!charge.ok)
    return presentRefusal(refusal('CARD_DECLINED', charge.reason, { reason: charge.reason }));
  const data = { amountMicroUsd, provider: provider.name, reference: charge.reference };
  const outcome = await send(
    room,
    actor,
    command('CreditTopUp', data, { actor: actor.accountId, now: room.ports.now() }),
  );
  return outcome.ok
    ? ((await shownAccount(room, actor.accountId)) ?? presentRefusal(notSignedIn))
    : presentRefusal(outcome.refusal);
}

async function signIn(
  room: AccountsRoom,
  { message, signature }: { readonly message: string; readonly signature: string },
): Promise<object> {
  const now = room.ports.now();
  const proven = proveSignIn(message, signature, room.site, room.challenges, now);
  if (!proven.ok) return presentRefusal(proven.refusal);
  const { accountId, address } = proven;
  const displayName = `${address.slice(0, 6)}…${address.slice(-4)}`;
  const opened = await room.handle(
    accountId,
    command('OpenAccount', { accountId, address, displayName }, { actor: accountId, now }),
  );
  if (!opened.ok) return presentRefusal(opened.refusal);
  await behind(room, opened.position);
  return {
    __typename: 'AccountSession',
    ...sessionFor(accountId, address, room.sessionKey, now),
    account: await shownAccount(room, accountId),
  };
}

async function createS3Key(room: AccountsRoom, actor: Signed): Promise<object> {
  const accessKeyId = `OORT${randomBytes(10).toString('hex').toUpperCase().slice(0, 16)}`;
  const secretAccessKey = randomBytes(30).toString('base64url');
  const outcome = await send(
    room,
    actor,
    command(
      'CreateS3Key',
      { accessKeyId, secretAccessKey },
      { actor: actor.accountId, now: room.ports.now() },
    ),
  );
  await room.s3Keys.catchUp();
  return outcome.ok
    ? { __typename: 'S3Key', id: accessKeyId, secretAccessKey, revoked: false }
    : presentRefusal(outcome.refusal);
}

async function send(
  room: AccountsRoom,
  actor: Signed,
  asked: AccountCommand,
): Promise<Outcome<AccountState, AccountRefusal>> {
  const outcome = await room.handle(actor.accountId, asked);
  if (outcome.ok) await behind(room, outcome.position);
  return outcome;
}

async function behind({ ports: { readModels } }: AccountsRoom, position: bigint): Promise<void> {
  await Promise.all([
    readModels.waitFor('billing', position),
    readModels.waitFor('accounts', position),
  ]);
}

function signedIn<T>(resolve: (actor: Signed, input: T) => Promise<object>) {
  return async (_: unknown, { input }: Input<T>, { actor }: RequestContext): Promise<object> =>
    actor.kind === 'account' ? resolve(actor, input) : presentRefusal(notSignedIn);
}
