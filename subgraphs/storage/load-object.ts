import type { EventStore } from '@oort/kernel-eventstore';
import { objectDecider } from './decide';
import type { ObjectEvent } from './evolve';
import { objectStreamId } from './object-id';
import type { ObjectState } from './state';

/** An object from its own events: what was just written is seen at once, whatever the catalogue is doing. */
export async function loadObject(store: EventStore, bucket: string, key: string): Promise<{ readonly state: ObjectState; readonly storedAt: string }> {
  let state = objectDecider.initial;
  let storedAt = '';
  for await (const event of store.read(`${objectDecider.category}-${objectStreamId(bucket, key)}`)) {
    state = objectDecider.evolve(state, { type: event.type, data: event.data } as unknown as ObjectEvent);
    if (event.type === 'ObjectStored') storedAt = event.metadata.occurredAt;
  }
  return { state, storedAt };
}
