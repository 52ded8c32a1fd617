import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import { revealedBy, type EventStore, type KeyStore, type RecordedEvent, type VisibleOptions } from '@oort/kernel-eventstore';
import type { Subgraph } from '@oort/schema';
import { eventsResolvers } from './resolvers';

export interface EventsPorts {
  /** The store as it lies on disk, without keys: what this door cannot open it cannot leak. */
  readonly closedStore: EventStore;
  /** Holds the keys of what was revealed, and no other: this door has its own. */
  readonly revealedKeys: KeyStore;
}

/** Gives away the keys of what was sealed until this event. Again is harmless. Whoever calls it holds the keys of the types. */
export async function reveal(event: RecordedEvent, holder: VisibleOptions, revealedKeys: KeyStore): Promise<void> {
  for (const { keyId, key } of await revealedBy(event, holder)) await revealedKeys.keep(keyId, key);
}

/** Read only: its write side is every other domain. */
export function createEventsSubgraph(ports: EventsPorts): Promise<Subgraph> {
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'events.graphql'), 'utf8');
  return Promise.resolve({ name: 'events', typeDefs: parse(sdl), resolvers: eventsResolvers(ports) });
}
