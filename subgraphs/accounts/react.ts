// What happened elsewhere and concerns accounts: a payment that the chain made final. And what must follow however often the
// process dies: keys of a person who was forgotten are destroyed.
import { command } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId } from '@oort/kernel-wire';
import { invoiceByChainId, priceBooks } from '@oort/projections-billing';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { AccountsRoom } from './room';

export const reactsTo = ['ChainLogObserved', 'PersonForgotten'] as const;

type Observed = Extract<LedgerEvent, { readonly type: 'ChainLogObserved' }>['data'];

export async function react(
  event: RecordedEvent,
  { ports, handle, forgetKeys }: Pick<AccountsRoom, 'ports' | 'handle' | 'forgetKeys'>,
): Promise<void> {
  if (event.type === 'PersonForgotten')
    return forgetKeys((event.data as { readonly accountId: string }).accountId);
  const { contract, event: name, args, txHash, logIndex } = event.data as unknown as Observed;
  if (contract !== 'Payments' || name !== 'Paid') return;
  const { invoiceId: chainId, amount } = args;
  if (typeof chainId !== 'string' || typeof amount !== 'string') return;
  // The invoice came before its payment; once the read model is here, it has it.
  await ports.readModels.waitFor('billing', event.position);
  const invoice = await invoiceByChainId(ports.readModels.database, chainId.toLowerCase());
  const book = invoice === null ? undefined : priceBooks[invoice.priceBookVersion];
  // Paid for something that is no invoice of ours: the contract holds it, nobody here can say whose it is.
  if (invoice === null || book === undefined) return;
  const data = {
    invoiceId: invoice.id,
    amountWei: BigInt(amount),
    oortMicroUsd: book.oortMicroUsd,
    txHash,
    logIndex,
  };
  await handle(
    invoice.accountId,
    command('RecordChainPayment', data, {
      actor: 'platform',
      now: ports.now(),
      id: deriveId('command', `accounts/${event.id}`),
      cause: event,
    }),
  );
}
