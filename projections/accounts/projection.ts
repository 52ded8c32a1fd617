// The rows are the same whether they followed the person's life or were built after the key was destroyed, when every field of
// the events reads `redacted` already.
import { redacted } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { AccountsEvent } from '@oort/schema/events/accounts';
import { PersonEntity } from './entities';

const subscribes = ['ProfileUpdated', 'PersonForgotten'] as const satisfies readonly AccountsEvent['type'][];

type Read = Extract<AccountsEvent, { readonly type: (typeof subscribes)[number] }>;

export const accountsProjection: Projection = {
  name: 'accounts', version: 1, subscribes, entities: [PersonEntity],
  apply: (event, rows) => apply({ type: event.type, data: event.data } as unknown as Read, event.metadata.occurredAt, rows),
};

async function apply(event: Read, occurredAt: string, rows: Rows): Promise<void> {
  const { accountId } = event.data;
  switch (event.type) {
    case 'ProfileUpdated': {
      const { displayName, email, legalName, country } = event.data;
      await rows.put(PersonEntity, { accountId, displayName, email, legalName, country, updatedAt: occurredAt, forgottenAt: null });
      return;
    }
    case 'PersonForgotten':
      await rows.put(PersonEntity, {
        accountId, displayName: redacted, email: redacted, legalName: redacted, country: redacted, updatedAt: null, forgottenAt: occurredAt,
      });
      return;
  }
}
