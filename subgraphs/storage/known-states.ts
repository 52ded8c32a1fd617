// Aggregates as their own events have them, of which only what is new is read: every request of a door asks for its bucket, and one whose
// settings were changed a thousand times must not cost a thousand events each time.
import type { DomainEvent } from '@oort/kernel-decider';
import type { EventStore } from '@oort/kernel-eventstore';

interface Known<S> { readonly state: S; /** The first revision that it does not know. */ readonly next: bigint }

const mostKnown = 10_000;

export class KnownStates<S, E extends DomainEvent> {
  readonly #known = new Map<string, Known<S>>();

  constructor(private readonly store: Pick<EventStore, 'read'>, private readonly decider: { readonly category: string; readonly initial: S; evolve(state: S, event: E): S }) {}

  /** With all that was written before it was asked, by any process. */
  async load(id: string): Promise<S> {
    let { state, next } = this.#known.get(id) ?? { state: this.decider.initial, next: 0n };
    for await (const event of this.store.read(`${this.decider.category}-${id}`, { from: next })) {
      state = this.decider.evolve(state, { type: event.type, data: event.data } as unknown as E);
      next = event.revision + 1n;
    }
    // Names that nobody has are asked for too, and take no place.
    if (next > (this.#known.get(id)?.next ?? 0n)) {
      if (this.#known.size >= mostKnown) this.#known.clear();
      this.#known.set(id, { state, next });
    }
    return state;
  }
}
