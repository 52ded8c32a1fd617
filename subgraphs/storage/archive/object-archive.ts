// Objects into the archive and back. Until the event is written the hot pieces are what counts: whoever is killed in between has lost
// nothing, and asking again keeps what is kept already only once.
import { command } from '@oort/kernel-decider';
import type { EventStore } from '@oort/kernel-eventstore';
import { newId } from '@oort/kernel-wire';
import { ContentRoot } from '../content-root';
import type { DataPath } from '../data-path/data-path';
import { openSegment, plainLength } from '../data-path/sealing';
import { loadObject } from '../load-object';
import { objectStreamId } from '../object-id';
import type { HandleObject, ObjectWriter } from '../object-writer';
import { refuse, type StorageRefusal } from '../refusals';
import type { StoredVersion } from '../state';
import { coldSegments, type Archive } from './archive';
import type { ColdSegment } from './port';

export interface ObjectArchiveOptions {
  readonly store: EventStore;
  readonly dataPath: DataPath;
  readonly archive: Archive;
  readonly handleObject: HandleObject;
  readonly writer: ObjectWriter;
  /** The key that opens the version's segments. */
  keyOf(version: StoredVersion): Promise<Uint8Array>;
  seen(position: bigint): Promise<void>;
  now(): Date;
}

/** `name` is that of the version; none is the newest. */
export interface ArchiveRequest { readonly accountId: string; readonly bucket: string; readonly key: string; readonly name: string | null; readonly actor: string }

export type Archived = { readonly ok: true; readonly value: { readonly versionId: string; readonly contentRoot: string } } | { readonly ok: false; readonly refusal: StorageRefusal };

export class ObjectArchive {
  constructor(private readonly options: ObjectArchiveOptions) {}

  /** The content root is computed from the plain bytes on the way. `names` are backends; none are those of the platform's setting. */
  async archive({ accountId, bucket, key, name, actor }: ArchiveRequest, names?: readonly string[]): Promise<Archived> {
    const { store, dataPath, archive, handleObject, seen, now } = this.options;
    const { state } = await loadObject(store, bucket, key, { name });
    const versionId = state.status === 'absent' ? '' : state.version.versionId;
    const backends = archive.chosen(names);
    if (backends === null) return { ok: false, refusal: refuse('NO_SUCH_BACKEND', `The archive has no ${names?.join(' and ') ?? 'backend'}.`, { versionId }).refused };
    const segments = state.status === 'stored' ? state.version.segments : [];
    const root = state.status === 'stored' ? await this.#rootOpener(state.version) : null;
    const cold: ColdSegment[] = [];
    for (const segment of segments) {
      const sealed = await dataPath.sealedBytes(segment, accountId);
      root?.take(segment.segmentId, sealed);
      cold.push(await archive.keep(segment.segmentId, sealed, accountId, backends));
    }
    const record = await archive.confirm(cold, backends);
    const contentRoot = root?.digest() ?? '';
    const outcome = await handleObject(objectStreamId(bucket, key), command('ArchiveObject', {
      versionId, accountId, archiveId: newId('archive', now()), backend: backends.map((backend) => backend.name).join(','), contentRoot, ...record,
    }, { actor, now: now() }));
    if (!outcome.ok) {
      await archive.remove(coldSegments(record.segments, record.cars));
      return outcome;
    }
    await dataPath.edge?.purge(segments);
    await dataPath.remove(segments.flatMap(({ pieces }) => pieces));
    await seen(outcome.position);
    return { ok: true, value: { versionId, contentRoot } };
  }

  /** Back to the hot nodes, for good or until a moment (ISO 8601); refused when what came back has another root. Throws ArchiveUnreachable. */
  async restore({ accountId, bucket, key, name, actor }: ArchiveRequest, until?: string): Promise<Archived> {
    const { store, dataPath, archive, handleObject, writer, seen, now } = this.options;
    const { state } = await loadObject(store, bucket, key, { name });
    const archived = state.status === 'archived' ? state : null;
    const cold = archived === null ? [] : coldSegments(archived.cold, archived.cars);
    const root = archived === null ? null : await this.#rootOpener(archived.version);
    const written = [];
    for (const segment of cold) {
      const sealed = await archive.fetch(segment, accountId);
      root?.take(segment.placement.segmentId, sealed);
      written.push(await dataPath.place(segment.placement.segmentId, sealed, accountId));
    }
    const contentRoot = root?.digest() ?? '';
    const versionId = state.status === 'absent' ? '' : state.version.versionId;
    const segments = written.map(({ placement }) => placement);
    const outcome = await handleObject(objectStreamId(bucket, key), command('RestoreObject', {
      versionId, accountId, archiveId: archived?.archiveId ?? '', contentRoot, segments, ...(until === undefined ? {} : { until }),
    }, { actor, now: now() }));
    if (!outcome.ok) {
      await dataPath.remove(segments.flatMap(({ pieces }) => pieces));
      return outcome;
    }
    for (const segment of written) void writer.follow(bucket, key, versionId, Promise.resolve(segment));
    await archive.remove(cold).catch((error: unknown) => process.emitWarning(`cold copies of ${versionId} were not removed: ${String(error)}`));
    await seen(outcome.position);
    return { ok: true, value: { versionId, contentRoot } };
  }

  async #rootOpener(version: StoredVersion): Promise<{ take(segmentId: string, sealed: Buffer): void; digest(): string }> {
    const root = new ContentRoot();
    // Who moves it has not the customer's key: the root is over the sealed bytes then.
    if (version.encryption !== undefined) return { take: (_, sealed) => { root.update(sealed); }, digest: () => root.digest() };
    const key = await this.options.keyOf(version);
    return {
      take: (segmentId, sealed) => root.update(openSegment(sealed, key, segmentId, 0, plainLength(sealed.length))),
      digest: () => root.digest(),
    };
  }
}
