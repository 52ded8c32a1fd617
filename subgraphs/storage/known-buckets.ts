// Buckets as their own events have them, of which only what is new is read: every request of a door asks for its bucket, and one whose
// settings were changed a thousand times must not cost a thousand events each time.
import type { EventStore } from '@oort/kernel-eventstore';
import { bucketDecider } from './decide';
import type { BucketEvent } from './evolve';
import type { BucketState } from './state';

interface Known { readonly state: BucketState; /** The first revision that it does not know. */ readonly next: bigint }

const mostKnown = 10_000;
const unknown: Known = { state: bucketDecider.initial, next: 0n };

export class KnownBuckets {
  readonly #known = new Map<string, Known>();

  constructor(private readonly store: Pick<EventStore, 'read'>) {}

  /** With all that was written before it was asked, by any process. */
  async load(bucket: string): Promise<BucketState> {
    let { state, next } = this.#known.get(bucket) ?? unknown;
    for await (const event of this.store.read(`${bucketDecider.category}-${bucket}`, { from: next })) {
      state = bucketDecider.evolve(state, { type: event.type, data: event.data } as unknown as BucketEvent);
      next = event.revision + 1n;
    }
    // Names that nobody has are asked for too, and take no place.
    if (next > (this.#known.get(bucket)?.next ?? 0n)) {
      if (this.#known.size >= mostKnown) this.#known.clear();
      this.#known.set(bucket, { state, next });
    }
    return state;
  }
}
