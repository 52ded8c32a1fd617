import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import type { Command, Decider, DomainEvent, RefusalOf } from './port';

export interface Loaded<S> {
  readonly state: S;
  /** Of the stream's last event; null when there is none. */
  readonly revision: bigint | null;
}

export async function loadState<C extends Command, S, E extends DomainEvent, R extends RefusalOf>(
  store: EventStore, decider: Decider<C, S, E, R>, aggregateId: string,
): Promise<Loaded<S>> {
  let loaded: Loaded<S> = { state: decider.initial, revision: null };
  for await (const event of store.read(`${decider.category}-${aggregateId}`)) {
    loaded = { state: decider.evolve(loaded.state, domainEventOf<E>(event)), revision: event.revision };
  }
  return loaded;
}

/** A stream of a category holds only its decider's events: the decider is the only writer. */
export function domainEventOf<E extends DomainEvent>(event: RecordedEvent): E {
  return { type: event.type, data: event.data } as DomainEvent as E;
}
