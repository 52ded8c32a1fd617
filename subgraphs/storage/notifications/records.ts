// The records that S3 writes of what happens to objects, made from the bucket's own events: nothing is written twice, so nothing is told
// that did not happen, and nothing that happened is left out. Source: Amazon S3 User Guide, "Event message structure".
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';
import { objectDecider } from '../decide';
import type { ObjectEvent } from '../evolve';
import { versionName, type Versioning, type VersionState } from '../state';

/** Of these events records are made. */
export const toldTypes = ['ObjectStored', 'DeleteMarkerPlaced', 'ObjectDeleted', 'ObjectTagged', 'ObjectAclSet', 'ObjectArchived', 'ObjectRestored'] as const satisfies readonly ObjectEvent['type'][];

type Told = Extract<ObjectEvent, { readonly type: (typeof toldTypes)[number] }>;

/** Who acts where rules of a bucket's lifecycle do. */
export const lifecycleActor = 'lifecycle';

export interface Happening {
  /** `s3:ObjectCreated:Put` and the like. */
  readonly name: string;
  readonly key: string;
  readonly at: string;
  readonly record: (configurationId: string | null) => Json;
}

/** What is known of the bucket where the event stands in the log. */
export interface BucketThen { readonly owner: string; readonly versioning: Versioning }

export function toldOf(event: RecordedEvent): Told { return { type: event.type, data: event.data } as unknown as Told; }

/** What S3 would tell of one event of the log, in this order. Cost: for what changes a version, the events of its key up to then. */
export async function happeningsOf(store: EventStore, event: RecordedEvent, then: BucketThen): Promise<readonly Happening[]> {
  const told = toldOf(event);
  const { name: names, version } = await namesOf(store, event, told);
  const { occurredAt, actor } = event.metadata;
  const { bucket, key } = told.data;
  return names.map((name, place) => ({
    name, key, at: occurredAt,
    record: (configurationId) => ({
      eventVersion: /^s3:Object(Created|Removed):/.test(name) ? '2.1' : '2.3', eventSource: 'oort:s3', awsRegion: 'us-east-1', eventTime: occurredAt,
      eventName: name.slice('s3:'.length), userIdentity: { principalId: actor },
      s3: {
        s3SchemaVersion: '1.0', ...(configurationId === null ? {} : { configurationId }),
        bucket: { name: bucket, ownerIdentity: { principalId: then.owner }, arn: `arn:aws:s3:::${bucket}` },
        object: { key: encodedKey(key), ...shownVersion(version, then.versioning, told.type), sequencer: sequencerOf(event.position, place) },
      },
      ...glacierData(name, told), ...lifecycleData(name, version),
    }),
  }));
}

interface Named { readonly name: readonly string[]; readonly version: VersionState }

async function namesOf(store: EventStore, event: RecordedEvent, told: Told): Promise<Named> {
  const byRule = event.metadata.actor === lifecycleActor;
  switch (told.type) {
    case 'ObjectStored': {
      const way = told.data.parts !== undefined ? 'CompleteMultipartUpload' : told.data.way ?? 'Put';
      return { name: [`s3:ObjectCreated:${way}`], version: { status: 'stored', version: told.data } };
    }
    case 'DeleteMarkerPlaced': return { name: [`s3:${byRule ? 'LifecycleExpiration' : 'ObjectRemoved'}:DeleteMarkerCreated`], version: { status: 'marker', version: told.data } };
    case 'ObjectDeleted': return { name: [`s3:${byRule ? 'LifecycleExpiration' : 'ObjectRemoved'}:Delete`], version: await versionBefore(store, event, told) };
    case 'ObjectTagged': return { name: [`s3:ObjectTagging:${Object.keys(told.data.tags).length === 0 ? 'Delete' : 'Put'}`], version: await versionBefore(store, event, told) };
    case 'ObjectAclSet': return { name: ['s3:ObjectAcl:Put'], version: await versionBefore(store, event, told) };
    // Restores are answered when they are done.
    case 'ObjectRestored': return { name: ['s3:ObjectRestore:Post', 's3:ObjectRestore:Completed'], version: await versionBefore(store, event, told) };
    case 'ObjectArchived': {
      // What its owner archives himself S3 has no event for.
      if (!byRule) return { name: [], version: { status: 'absent' } };
      const version = await versionBefore(store, event, told);
      const wasBack = version.status === 'stored' && version.version.restoredUntil !== undefined;
      return { name: [wasBack ? 's3:ObjectRestore:Delete' : 's3:LifecycleTransition'], version };
    }
  }
}

/** The version that the event is about, as it was. */
async function versionBefore(store: EventStore, { stream, revision }: RecordedEvent, { data: { versionId } }: Told): Promise<VersionState> {
  let state = objectDecider.initial;
  if (revision > 0n) {
    for await (const event of store.read(stream, { limit: Number(revision) })) state = objectDecider.evolve(state, toldOf(event));
  }
  return state.versions.find(({ version }) => version.versionId === versionId) ?? { status: 'absent' };
}

/** What went has no size and no etag any more, and a bucket that never kept versions has no names for them. */
function shownVersion(state: VersionState, versioning: Versioning, type: Told['type']): Record<string, Json> {
  if (state.status === 'absent') return {};
  const versionId = versioning === 'off' ? {} : { versionId: versionName(state.version) };
  if (state.status === 'marker' || type === 'ObjectDeleted') return versionId;
  return { size: state.version.sizeBytes, eTag: state.version.etag, ...versionId };
}

function glacierData(name: string, told: Told): Record<string, Json> {
  if (name !== 's3:ObjectRestore:Completed' || told.type !== 'ObjectRestored' || told.data.until === undefined) return {};
  return { glacierEventData: { restoreEventData: { lifecycleRestorationExpiryTime: told.data.until, lifecycleRestoreStorageClass: 'GLACIER' } } };
}

function lifecycleData(name: string, state: VersionState): Record<string, Json> {
  if (name !== 's3:LifecycleTransition' || state.status === 'absent') return {};
  return { lifecycleEventData: { transitionEventData: { destinationStorageClass: 'GLACIER' } } };
}

/** As in a form: a blank is a plus. Slashes stay. */
function encodedKey(key: string): string {
  return encodeURIComponent(key.toWellFormed()).replaceAll('%20', '+').replaceAll('%2F', '/').replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Grows with the log; all have one length, so that texts compare as the numbers do. */
function sequencerOf(position: bigint, place: number): string {
  return `${position.toString(16).toUpperCase().padStart(16, '0')}${place.toString(16).toUpperCase().padStart(2, '0')}`;
}
