import { refusal, type Decider, type Decision } from '@oort/kernel-decider';
import type { AccountsEvent } from '@oort/schema/events/accounts';
import type { AccountCommand } from './commands';
import { evolveAccount } from './evolve';
import type { AccountRefusal } from './refusals';
import { chargeOf, unknownAccount, type AccountState } from './state';

type Open = Extract<AccountState, { readonly status: 'open' }>;
type Asked<Type extends AccountCommand['type']> = Extract<
  AccountCommand,
  { readonly type: Type }
>['data'];
type Decided = Decision<AccountsEvent, AccountRefusal>;

export const keyLimit = 20;

/** Of a person who was forgotten: asking again, and money that the chain has moved. */
const stillDue: readonly AccountCommand['type'][] = ['ForgetPerson', 'RecordChainPayment'];

const longestText = 200;
const profileRules: readonly (readonly [keyof Asked<'UpdateProfile'>, RegExp, string])[] = [
  ['displayName', /^\S(.*\S)?$/s, 'a text without blanks around it'],
  ['legalName', /^\S(.*\S)?$/s, 'a text without blanks around it'],
  ['email', /^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'an e-mail address'],
  ['country', /^[A-Z]{2}$/, 'two letters of ISO 3166-1'],
];

export const accountDecider: Decider<AccountCommand, AccountState, AccountsEvent, AccountRefusal> =
  {
    category: 'account',
    initial: unknownAccount,
    decide,
    evolve: evolveAccount,
  };

function decide(command: AccountCommand, state: AccountState): Decided {
  // Signing in again opens nothing.
  if (command.type === 'OpenAccount' && state.status === 'unknown')
    return { events: [{ type: 'AccountOpened', data: command.data }] };
  if (state.status === 'unknown')
    return { refused: refusal('ACCOUNT_UNKNOWN', 'There is no such account.', null) };
  if (state.forgotten && !stillDue.includes(command.type))
    return { refused: refusal('ACCOUNT_FORGOTTEN', 'This account was forgotten.', null) };
  switch (command.type) {
    case 'OpenAccount':
      return { events: [] };
    case 'UpdateProfile':
      return updateProfile(command.data, state);
    case 'ForgetPerson':
      return forget(state);
    case 'CreateS3Key':
      return createKey(command.data, state);
    case 'RevokeS3Key':
      return revokeKey(command.data, state);
    case 'CreditTopUp':
      return topUp(command.data, state);
    case 'IssueInvoice':
      return issue(command.data, state);
    case 'PayWithCredits':
      return payWithCredits(command.data, state);
    case 'RecordChainPayment':
      return recordChainPayment(command.data, state);
  }
}

function updateProfile(data: Asked<'UpdateProfile'>, { accountId }: Open): Decided {
  for (const [field, form, rule] of profileRules) {
    const value = data[field];
    if (value === null || (value.length <= longestText && form.test(value))) continue;
    return {
      refused: refusal('PROFILE_INVALID', `${field} must be ${rule}, at most ${longestText} long.`, {
        field,
        rule,
      }),
    };
  }
  return { events: [{ type: 'ProfileUpdated', data: { accountId, ...data } }] };
}

function forget({ accountId, forgotten, keys }: Open): Decided {
  if (forgotten) return { events: [] };
  const active = [...keys].filter(([, status]) => status === 'active');
  return {
    events: [
      ...active.map(
        ([accessKeyId]): AccountsEvent => ({
          type: 'S3KeyRevoked',
          data: { accountId, accessKeyId },
        }),
      ),
      { type: 'PersonForgotten', data: { accountId } },
    ],
  };
}

function createKey(data: Asked<'CreateS3Key'>, state: Open): Decided {
  const active = [...state.keys.values()].filter((status) => status === 'active').length;
  if (active >= keyLimit)
    return {
      refused: refusal(
        'TOO_MANY_KEYS',
        `An account has at most ${keyLimit} S3 keys; revoke one first.`,
        { limit: keyLimit },
      ),
    };
  return { events: [{ type: 'S3KeyCreated', data: { accountId: state.accountId, ...data } }] };
}

function revokeKey({ accessKeyId }: Asked<'RevokeS3Key'>, state: Open): Decided {
  const status = state.keys.get(accessKeyId);
  if (status === undefined)
    return { refused: refusal('KEY_UNKNOWN', 'This account has no such key.', { accessKeyId }) };
  return {
    events:
      status === 'revoked'
        ? []
        : [{ type: 'S3KeyRevoked', data: { accountId: state.accountId, accessKeyId } }],
  };
}

function topUp(
  { amountMicroUsd, provider, reference }: Asked<'CreditTopUp'>,
  state: Open,
): Decided {
  if (amountMicroUsd <= 0n)
    return {
      refused: refusal('AMOUNT_NOT_POSITIVE', 'A top-up must be more than nothing.', {
        amountMicroUsd: amountMicroUsd.toString(),
      }),
    };
  if (state.charges.has(chargeOf(provider, reference))) return { events: [] };
  return { events: [credited(state.accountId, amountMicroUsd, provider, reference)] };
}

function issue({ billedUntil, ...data }: Asked<'IssueInvoice'>, state: Open): Decided {
  const { invoiceId } = data;
  if (!state.invoices.has(invoiceId) && billedUntil !== state.billedUntil) {
    return {
      refused: refusal(
        'USAGE_BILLED_MEANWHILE',
        'Another invoice was issued at the same time; ask again.',
        { billedUntil: state.billedUntil },
      ),
    };
  }
  if (state.invoices.get(invoiceId)?.paid === true)
    return { refused: refusal('INVOICE_PAID_ALREADY', 'This invoice is paid.', { invoiceId }) };
  const owesNothing = data.payableWei !== null && BigInt(data.totalMicroUsd) <= 0n;
  if (data.lines.length === 0 || owesNothing)
    return {
      refused: refusal(
        'NOTHING_TO_BILL',
        'There is no usage that an earlier invoice has not billed.',
        null,
      ),
    };
  return { events: [{ type: 'InvoiceIssued', data: { ...data, accountId: state.accountId } }] };
}

function payWithCredits({ invoiceId }: Asked<'PayWithCredits'>, state: Open): Decided {
  const invoice = state.invoices.get(invoiceId);
  if (invoice === undefined)
    return {
      refused: refusal('INVOICE_UNKNOWN', 'This account has no such invoice.', { invoiceId }),
    };
  if (invoice.paid)
    return { refused: refusal('INVOICE_PAID_ALREADY', 'This invoice is paid.', { invoiceId }) };
  // Its price holds for OORT only: the discount is for paying on chain.
  if (invoice.payableWei !== null)
    return {
      refused: refusal(
        'INVOICE_IN_OORT',
        'This invoice is paid on chain; issue it in USD to pay with credits.',
        { invoiceId },
      ),
    };
  if (invoice.payableMicroUsd > state.creditsMicroUsd) {
    return {
      refused: refusal('CREDITS_TOO_LOW', 'There are not enough credits.', {
        creditsMicroUsd: state.creditsMicroUsd.toString(),
        payableMicroUsd: invoice.payableMicroUsd.toString(),
      }),
    };
  }
  return {
    events: [
      {
        type: 'InvoicePaid',
        data: { invoiceId, accountId: state.accountId, method: 'credits', txHash: null },
      },
    ],
  };
}

function recordChainPayment(
  { invoiceId, amountWei, oortMicroUsd, txHash, logIndex }: Asked<'RecordChainPayment'>,
  state: Open,
): Decided {
  const reference = `${txHash}/${logIndex}`;
  if (state.charges.has(chargeOf('oort', reference))) return { events: [] };
  const invoice = state.invoices.get(invoiceId);
  const payableWei = invoice === undefined || invoice.paid ? null : invoice.payableWei;
  const settles = payableWei !== null && amountWei >= payableWei;
  const excessMicroUsd =
    ((settles ? amountWei - payableWei : amountWei) * oortMicroUsd) / 10n ** 18n;
  const paid: AccountsEvent = {
    type: 'InvoicePaid',
    data: { invoiceId, accountId: state.accountId, method: 'oort', txHash },
  };
  return {
    events: [
      ...(settles ? [paid] : []),
      ...(excessMicroUsd > 0n
        ? [credited(state.accountId, excessMicroUsd, 'oort', reference)]
        : []),
    ],
  };
}

function credited(
  accountId: string,
  amountMicroUsd: bigint,
  provider: string,
  reference: string,
): AccountsEvent {
  return {
    type: 'CreditsToppedUp',
    data: { accountId, amountMicroUsd: amountMicroUsd.toString(), provider, reference },
  };
}
