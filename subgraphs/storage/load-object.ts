import type { EventStore } from '@oort/kernel-eventstore';
import { objectDecider } from './decide';
import type { ObjectEvent } from './evolve';
import { objectStreamId } from './object-id';
import { versionOf, type VersionState } from './state';

/** One version of an object, by default the newest, from its own events: what was just written is seen at once, whatever the
 *  catalogue is doing. `versionId` is the platform's id of it, `name` what S3 calls it. */
export async function loadObject(
  store: EventStore, bucket: string, key: string, which: { readonly name?: string | null; readonly versionId?: string } = {},
): Promise<{ readonly state: VersionState; readonly storedAt: string }> {
  let state = objectDecider.initial;
  const storedAt = new Map<string, string>();
  for await (const event of store.read(`${objectDecider.category}-${objectStreamId(bucket, key)}`)) {
    state = objectDecider.evolve(state, { type: event.type, data: event.data } as unknown as ObjectEvent);
    const newest = state.versions[0];
    if (newest !== undefined && (event.type === 'ObjectStored' || event.type === 'DeleteMarkerPlaced')) storedAt.set(newest.version.versionId, event.metadata.occurredAt);
  }
  const found = which.versionId === undefined
    ? versionOf(state, which.name ?? null)
    : state.versions.find(({ version }) => version.versionId === which.versionId) ?? { status: 'absent' };
  return { state: found, storedAt: found.status === 'absent' ? '' : storedAt.get(found.version.versionId) ?? '' };
}
