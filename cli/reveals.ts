// What was sealed until an event is everybody's once that event has happened: its key goes to the keys that strangers' doors hold.
import { reveal } from '@oort/gateway-events';
import { runReaction } from '@oort/kernel-decider';
import type { EventStore, KeyStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import { eventPrivacy, sealedUntil } from '@oort/schema';

export interface RevealsOptions {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly eventKeys: KeyStore;
  readonly revealedKeys: KeyStore;
}

/** Resolves once it runs; it ends when the signal aborts. */
export async function runReveals({ store, readModels, eventKeys, revealedKeys }: RevealsOptions, signal: AbortSignal): Promise<void> {
  const holder = { ...eventPrivacy, keys: eventKeys };
  const subscribes = [...new Set(Object.values(sealedUntil).map(({ event }) => event))];
  await runReaction({ name: 'reveals', store, database: readModels.database, subscribes, react: (event) => reveal(event, holder, revealedKeys), signal });
}
