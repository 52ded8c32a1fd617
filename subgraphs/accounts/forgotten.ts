// Who was forgotten, for the doors: a session outlives the wish to be forgotten by hours, and must not speak for anybody.
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';

const types = ['PersonForgotten'] as const;

export class ForgottenAccounts {
  readonly #ids = new Set<string>();
  #position: bigint | null = null;
  readonly #store: EventStore;

  constructor(store: EventStore) {
    this.#store = store;
  }

  has(accountId: string): boolean {
    return this.#ids.has(accountId);
  }

  async catchUp(): Promise<void> {
    for await (const event of this.#store.readAll(this.#from(), { filter: { types } })) this.#apply(event);
  }

  async follow(signal: AbortSignal): Promise<void> {
    for await (const delivery of this.#store.subscribe({ from: this.#from(), filter: { types }, signal })) {
      if (delivery.kind === 'event') this.#apply(delivery.event);
    }
  }

  #from(): 'start' | { readonly after: bigint } {
    return this.#position === null ? 'start' : { after: this.#position };
  }

  #apply({ position, data }: RecordedEvent): void {
    this.#position = position;
    this.#ids.add((data as { readonly accountId: string }).accountId);
  }
}

/** For a door in another process: follows the log until the signal aborts. */
export async function openForgotten(store: EventStore, signal: AbortSignal): Promise<Pick<ForgottenAccounts, 'has'>> {
  const forgotten = new ForgottenAccounts(store);
  await forgotten.catchUp();
  forgotten.follow(signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return forgotten;
}
