// What a subgraph is to the process that runs it, in the gateway's process or alone.
import type { DocumentNode } from 'graphql';
import type { ContentStore } from '@oort/kernel-content';
import type { EventStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import type { TelemetryBus } from '@oort/kernel-telemetry';
import type { Timers } from '@oort/kernel-timers';
import type { Ledger } from './chain/ledger';

export type Actor =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'account'; readonly accountId: string; readonly address: string }
  | { readonly kind: 'node'; readonly nodeId: string }
  | { readonly kind: 'platform' };

/** Per request. `actor` was proven by the door. */
export interface RequestContext {
  readonly actor: Actor;
  readonly requestId: string;
  /** Aborts when nobody waits for the answer any more; what was begun goes on, unless it is waiting itself. */
  readonly gone?: AbortSignal;
}

export interface Subgraph {
  readonly name: string;
  readonly typeDefs: DocumentNode;
  /** A GraphQL resolver map; resolvers get RequestContext as their third argument. */
  readonly resolvers: Readonly<Record<string, unknown>>;
  /** Reactors, timers, loops: returns once they run; they end when the signal aborts. */
  start?(signal: AbortSignal): Promise<void>;
}

/** Ports that every subgraph is given. The store opens what is sealed; doors to strangers read the closed one. */
export interface SubgraphPorts {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly content: ContentStore;
  readonly telemetry: TelemetryBus;
  readonly timers: Timers;
  readonly ledger: Ledger;
  now(): Date;
}
