import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'graphql';
import type { EventStore } from '@oort/kernel-eventstore';
import type { Subgraph } from '@oort/schema';
import { eventsResolvers } from './resolvers';

export interface EventsPorts {
  /** The store as it lies on disk, without keys: what this door cannot open it cannot leak. */
  readonly closedStore: EventStore;
}

/** Read only: its write side is every other domain. */
export function createEventsSubgraph(ports: EventsPorts): Promise<Subgraph> {
  const sdl = readFileSync(join(__dirname, '..', '..', 'schema', 'sdl', 'events.graphql'), 'utf8');
  return Promise.resolve({ name: 'events', typeDefs: parse(sdl), resolvers: eventsResolvers(ports) });
}
