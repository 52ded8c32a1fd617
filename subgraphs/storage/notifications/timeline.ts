// Whose a bucket was and what it told to whom, at each place of the log: a record is for those whom it was for when it happened.
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { bucketDecider } from '../decide';
import type { BucketEvent } from '../evolve';
import type { BucketState } from '../state';
import { destinationOf, notificationConfiguration, type NotificationConfiguration } from './configuration';

export const bucketTypes = ['BucketCreated', 'BucketDeleted', 'BucketVersioningSet', 'BucketSettingSet'] as const satisfies readonly BucketEvent['type'][];

interface Entry { readonly position: bigint; readonly state: BucketState; readonly told: NotificationConfiguration }

export class Timeline {
  readonly #entries: Entry[] = [];

  static async load(store: EventStore, bucket: string): Promise<Timeline> {
    const timeline = new Timeline();
    for await (const event of store.read(`${bucketDecider.category}-${bucket}`)) timeline.apply(event);
    return timeline;
  }

  /** In the log's order; one that it has seen changes nothing. */
  apply(event: RecordedEvent): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && last.position >= event.position) return;
    const state = bucketDecider.evolve(last?.state ?? bucketDecider.initial, { type: event.type, data: event.data } as unknown as BucketEvent);
    this.#entries.push({ position: event.position, state, told: notificationConfiguration(state.status === 'present' ? state.settings.notification : undefined) });
  }

  at(position: bigint): Entry | null {
    return this.#entries.findLast((entry) => entry.position < position) ?? null;
  }

  /** Whether anything of the bucket was ever for this account. */
  isKnownTo(accountId: string): boolean {
    return this.#entries.some(({ state, told }) => (state.status === 'present' && state.accountId === accountId)
      || told.rules.some(({ arn }) => destinationOf(arn)?.accountId === accountId));
  }
}
