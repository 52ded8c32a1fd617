// The secrets of S3 keys, for the door that checks signatures with them: sealed in the log, held in memory only, in no table.
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import type { AccountsEvent } from '@oort/schema/events/accounts';

export interface S3Credentials {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Keys {
  find(accessKeyId: string): S3Credentials | null;
}

const types = ['S3KeyCreated', 'S3KeyRevoked'] as const;

/** For a door in another process: follows the log until the signal aborts. */
export async function openS3Keys(store: EventStore, signal: AbortSignal): Promise<S3Keys> {
  const index = new S3KeyIndex(store);
  await index.catchUp();
  index.follow(signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return index;
}

export class S3KeyIndex implements S3Keys {
  readonly #active = new Map<string, S3Credentials>();
  #position: bigint | null = null;
  readonly #store: EventStore;

  constructor(store: EventStore) {
    this.#store = store;
  }

  find(accessKeyId: string): S3Credentials | null {
    return this.#active.get(accessKeyId) ?? null;
  }

  /** Called after an append of one's own too, so that a key works as soon as it was shown. */
  async catchUp(): Promise<void> {
    const from = this.#position === null ? 'start' : { after: this.#position };
    for await (const event of this.#store.readAll(from, { filter: { types } })) this.#apply(event);
  }

  async follow(signal: AbortSignal): Promise<void> {
    const from = this.#position === null ? 'start' : { after: this.#position };
    for await (const delivery of this.#store.subscribe({ from, filter: { types }, signal })) {
      if (delivery.kind === 'event') this.#apply(delivery.event);
    }
  }

  #apply(recorded: RecordedEvent): void {
    if (this.#position !== null && recorded.position <= this.#position) return;
    this.#position = recorded.position;
    const event = { type: recorded.type, data: recorded.data } as unknown as Extract<
      AccountsEvent,
      { readonly type: (typeof types)[number] }
    >;
    if (event.type === 'S3KeyCreated') this.#active.set(event.data.accessKeyId, event.data);
    else this.#active.delete(event.data.accessKeyId);
  }
}
