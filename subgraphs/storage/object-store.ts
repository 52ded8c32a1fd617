// What the S3 door and the graph do with buckets and objects. An answer of `ok` means: flushed on enough nodes, one event, and the
// catalogue row, so every read and listing after it sees it. Refusals come back as values, broken worlds as faults.
import { command, createHandler } from '@oort/kernel-decider';
import type { EventStore, KeyStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import { newId } from '@oort/kernel-wire';
import {
  bucketsOf, countObjects, listObjects, listVersions, unnamedVersion, uploadsOf, usageOf, usageOfAccount, type BucketRow, type Listing, type UploadRow, type VersionListing,
} from '@oort/projections-objects';
import type { Acl, BucketSetting, ObjectLock, Retention } from '@oort/schema/events/storage';
import type { AccountQuotas } from './account-quotas';
import { Archive, coldSegments } from './archive/archive';
import { archiveNodes, archiveNodesName } from './archive/archive-nodes';
import { ObjectArchive, type Archived } from './archive/object-archive';
import type { ArchiveSettings } from './archive/settings';
import type { BucketCommand, Condition, ObjectCommand } from './commands';
import { contentBucket } from './content-store';
import type { DataPath } from './data-path/data-path';
import { bucketDecider, objectDecider } from './decide';
import type { BucketEvent } from './evolve';
import { EncryptionKeys } from './encryption-keys/encryption-keys';
import { KnownStates } from './known-states';
import { realDayMs } from './lifecycle/rules';
import { loadObject } from './load-object';
import { objectStreamId } from './object-id';
import { ObjectKeys, shownDigests, type AskedEncryption } from './object-keys';
import { bucketLock, defaultRetention } from './object-lock';
import { readObject } from './object-reader';
import { ObjectWriter, type Draft, type HandleObject } from './object-writer';
import { packBook, readFollowing } from './packing/pack-book';
import { bucketQuota, QuotaBooks, QuotaExceeded, within, type Limited, type Quota, type Usage } from './quota';
import type { StorageRefusal } from './refusals';
import type { BucketSettings, BucketState, DeleteMarker, HeldVersion, StoredVersion } from './state';
import { Uploads } from './uploads';

export interface ObjectStoreOptions {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly dataPath: DataPath;
  readonly keys: KeyStore;
  /** Besides the archive nodes, which are the default. */
  readonly archive?: ArchiveSettings;
  /** Default: none have one. */
  readonly accountQuotas?: AccountQuotas;
  readonly lifecycle?: { /** How long a day of lifecycle rules takes. Default: a day. */ readonly dayMs?: number };
  now(): Date;
}

export type PresentBucket = Exclude<BucketState, { readonly status: 'absent' }>;

export type Done<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: StorageRefusal };

export interface PutObject {
  readonly accountId: string;
  readonly bucket: string;
  readonly key: string;
  /** Rejects at its end when a digest of the client does not match; nothing stays then. */
  readonly body: AsyncIterable<Uint8Array>;
  /** As its sender said it, if he did: what is too much for the bucket's quota is refused before it is read. */
  readonly sizeBytes?: number;
  readonly contentType: string;
  readonly userMetadata: Readonly<Record<string, string>>;
  /** Asked for after the body. */
  checksums(): Readonly<Record<string, string>>;
  readonly condition: Condition;
  readonly tags?: Readonly<Record<string, string>>;
  readonly acl?: Acl;
  /** Without a retention the bucket's default begins. */
  readonly lock?: ObjectLock;
  readonly way?: StoredVersion['way'];
  /** Default: the account's key alone. */
  readonly encryption?: AskedEncryption;
  /** The bucket as the door has it already. Default: it is looked up. */
  readonly state?: PresentBucket;
  /** Whose request it is. Default: `accountId`, to whom the bytes are billed and whose key wraps theirs. */
  readonly actor?: string;
}

export type ReadableObject = HeldVersion & { readonly storedAt: string };
export type FoundVersion = ReadableObject | (DeleteMarker & { readonly storedAt: string });

export interface DeleteObject {
  readonly accountId: string; readonly bucket: string; readonly key: string;
  /** `null` or a version's id; none removes or hides the newest, as the bucket has it. */
  readonly version?: string | null;
  readonly condition?: Condition;
  /** Governance is passed by. */
  readonly bypass?: boolean;
  /** Default: `accountId`. */
  readonly actor?: string;
}

/** Which version went or which marker came, by the name that S3 gives it. */
export interface Deleted { readonly version: string | null; readonly marker: boolean }

export class ObjectStore {
  readonly uploads: Uploads;
  readonly handleObject: HandleObject;
  readonly writer: ObjectWriter;
  readonly keys: ObjectKeys;
  /** That accounts manage. */
  readonly encryptionKeys: EncryptionKeys;
  /** How long a day of lifecycle rules takes. */
  readonly dayMs: number;
  readonly #options: ObjectStoreOptions;
  readonly #archive: Archive;
  readonly #objectArchive: ObjectArchive;
  readonly #handleBucket;
  readonly #quotas = new QuotaBooks();
  readonly #buckets: KnownStates<BucketState, BucketEvent>;

  constructor(options: ObjectStoreOptions) {
    const { store, dataPath, keys } = options;
    const now = (): Date => options.now();
    this.#options = options;
    dataPath.locatePack = packBook(store);
    this.encryptionKeys = new EncryptionKeys({ store, keys, now });
    this.keys = new ObjectKeys(keys, this.encryptionKeys);
    this.dayMs = options.lifecycle?.dayMs ?? realDayMs;
    const { backends, chosen } = options.archive ?? { backends: [], chosen: [archiveNodesName] };
    this.#archive = new Archive({ backends: [archiveNodes(dataPath), ...backends], chosen, onLost: ({ message }) => process.emitWarning(message) });
    this.#buckets = new KnownStates(store, bucketDecider);
    this.#handleBucket = createHandler({ store, decider: bucketDecider, now });
    this.handleObject = createHandler({ store, decider: objectDecider, now });
    this.writer = new ObjectWriter({ dataPath, keys: this.keys, handle: this.handleObject, now });
    this.#objectArchive = new ObjectArchive({
      store, dataPath, archive: this.#archive, handleObject: this.handleObject, writer: this.writer, now, seen: (position) => this.seen(position),
      keyOf: (version) => this.keys.open(version),
    });
    this.uploads = new Uploads(this, { store, dataPath, keys: this.keys, writer: this.writer, now });
  }

  async createBucket(accountId: string, bucket: string, settings?: BucketSettings): Promise<Done<{ readonly bucket: string; readonly position: bigint }>> {
    const asked = { bucket, accountId, ...(settings === undefined ? {} : { settings }) };
    const outcome = await this.#handleBucket(bucket, command('CreateBucket', asked, this.#by(accountId)));
    if (!outcome.ok) return outcome;
    await this.seen(outcome.position);
    return { ok: true, value: { bucket, position: outcome.position } };
  }

  async deleteBucket(accountId: string, bucket: string, actor = accountId): Promise<Done<null>> {
    const empty = await countObjects(this.#options.readModels, bucket) === 0;
    const outcome = await this.#handleBucket(bucket, command('DeleteBucket', { bucket, accountId, empty }, this.#by(actor)));
    if (!outcome.ok) return outcome;
    await this.seen(outcome.position);
    return { ok: true, value: null };
  }

  setVersioning(accountId: string, bucket: string, status: 'enabled' | 'suspended', actor = accountId): Promise<Done<null>> {
    return this.#changeBucket(bucket, command('SetVersioning', { bucket, accountId, status }, this.#by(actor)));
  }

  /** Null takes the setting away. */
  setBucketSetting(accountId: string, bucket: string, setting: BucketSetting, document: string | null, actor = accountId): Promise<Done<null>> {
    return this.#changeBucket(bucket, command('SetBucketSetting', { bucket, accountId, setting, document }, this.#by(actor)));
  }

  /** Null when there is none. The platform's own bucket is nobody's to open. */
  async bucket(bucket: string): Promise<PresentBucket | null> {
    if (bucket === contentBucket) return { status: 'present', accountId: 'platform', versioning: 'off', settings: {} };
    const state = await this.#buckets.load(bucket);
    return state.status === 'present' ? state : null;
  }

  async bucketOwner(bucket: string): Promise<string | null> { return (await this.bucket(bucket))?.accountId ?? null; }

  async #changeBucket(bucket: string, asked: BucketCommand): Promise<Done<null>> {
    const outcome = await this.#handleBucket(bucket, asked);
    return outcome.ok ? { ok: true, value: null } : outcome;
  }

  usage(bucket: string): Promise<Usage> { return usageOf(this.#options.readModels, bucket); }

  /** Of all the account's buckets. */
  usageOfAccount(accountId: string): Promise<Usage> { return usageOfAccount(this.#options.readModels, accountId); }

  accountQuota(accountId: string): Quota | null { return this.#options.accountQuotas?.(accountId) ?? null; }

  buckets(accountId: string): Promise<readonly BucketRow[]> { return bucketsOf(this.#options.readModels, accountId); }

  list(page: { readonly bucket: string; readonly prefix: string; readonly delimiter: string; readonly after: string; readonly limit: number }): Promise<Listing> {
    return listObjects(this.#options.readModels, page);
  }

  /** `afterVersion` is a name; null goes on after all versions of the key. */
  async listVersions(page: { readonly bucket: string; readonly prefix: string; readonly delimiter: string; readonly afterKey: string; readonly afterVersion: string | null; readonly limit: number }): Promise<VersionListing> {
    const { readModels } = this.#options;
    const afterVersion = page.afterVersion === 'null' ? await unnamedVersion(readModels, page.bucket, page.afterKey) : page.afterVersion;
    return listVersions(readModels, { ...page, afterVersion });
  }

  openUploads(bucket: string): Promise<readonly UploadRow[]> { return uploadsOf(this.#options.readModels, bucket); }

  async put(put: PutObject): Promise<Done<StoredVersion>> {
    const { bucket, sizeBytes, state } = put;
    return this.withinQuota({ bucket, objects: 1, ...(sizeBytes === undefined ? {} : { sizeBytes }), ...(state === undefined ? {} : { state }) }, put.body, (body) => this.#put({ ...put, body }));
  }

  /** Keeps what the body brings, or nothing where that is more than the bucket or its account may hold. */
  async withinQuota<T>(
    { bucket, sizeBytes = 0, objects, state }: { readonly bucket: string; readonly sizeBytes?: number; readonly objects: number; readonly state?: PresentBucket },
    body: AsyncIterable<Uint8Array>, keep: (body: AsyncIterable<Uint8Array>) => Promise<Done<T>>,
  ): Promise<Done<T>> {
    const present = state ?? await this.bucket(bucket);
    const limits = present === null ? [] : this.#limitsOf(bucket, present);
    if (limits.length === 0) return keep(body);
    const reservation = this.#quotas.reserve(limits, objects);
    let kept = false;
    try {
      await reservation.raiseTo(sizeBytes);
      const done = await keep(within(body, reservation));
      kept = done.ok;
      // The catalogue counts it before it stops to be a reservation.
      if (kept) await this.seen(await this.#options.store.head() ?? -1n);
      return done;
    } catch (error) {
      if (!(error instanceof QuotaExceeded)) throw error;
      return { ok: false, refusal: { code: 'QUOTA_EXCEEDED', message: error.message, payload: { scope: error.scope, quota: error.quota } } };
    } finally {
      reservation.end(kept);
    }
  }

  #limitsOf(bucket: string, present: PresentBucket): readonly Limited[] {
    const { accountId } = present;
    const [ofBucket, ofAccount] = [bucketQuota(present), this.accountQuota(accountId)];
    return [
      ...(ofBucket === null ? [] : [{ scope: { bucket }, quota: ofBucket, usage: () => this.usage(bucket) }]),
      ...(ofAccount === null ? [] : [{ scope: { accountId }, quota: ofAccount, usage: () => this.usageOfAccount(accountId) }]),
    ];
  }

  async #put(put: PutObject): Promise<Done<StoredVersion>> {
    const { accountId, condition } = put;
    const key = await this.keys.newKey(accountId, put.encryption);
    const draft = await this.writer.receive(put.body, accountId, key);
    const { versionId, sizeBytes, wrappedKey, segments } = draft;
    const { etag, sha256, contentId } = shownDigests(draft, key);
    const version: StoredVersion = {
      bucket: put.bucket, key: put.key, versionId, accountId, sizeBytes, etag, sha256, contentId, contentType: put.contentType,
      storageClass: 'STANDARD', wrappedKey, userMetadata: put.userMetadata, checksums: put.checksums(), segments, ...(put.tags === undefined ? {} : { tags: put.tags }), ...(put.acl === undefined ? {} : { acl: put.acl }),
      ...(put.lock === undefined ? {} : { lock: put.lock }), ...(put.way === undefined ? {} : { way: put.way }),
      ...(key.encryption === undefined ? {} : { encryption: key.encryption }),
    };
    return this.commit(version, condition, draft, { actor: put.actor ?? accountId });
  }

  /** Makes a drafted version the object of its key, and takes the pieces of the version that it replaces away. */
  async commit(given: Omit<StoredVersion, 'named'>, condition: Condition, draft: Pick<Draft, 'follow' | 'discard'>, by: { readonly actor: string; readonly id?: string }): Promise<Done<StoredVersion>> {
    const { bucket, key } = given;
    const present = await this.bucket(bucket);
    const named = present?.versioning === 'enabled';
    const locks = present === null ? null : bucketLock(present.settings);
    const retention = given.lock?.retention ?? (locks === null ? null : defaultRetention(locks, this.#options.now()));
    const version: StoredVersion = { ...given, ...(named ? { named } : {}), ...(retention === null ? {} : { lock: { ...given.lock, retention } }) };
    const before = named ? null : await this.findVersion(bucket, key, 'null');
    const outcome = await this.handleObject(objectStreamId(bucket, key), command('StoreObject', { ...version, condition }, { now: this.#options.now(), ...by }));
    if (!outcome.ok) {
      await draft.discard();
      return outcome;
    }
    draft.follow(bucket, key);
    if (before !== null && before.version.versionId !== version.versionId) this.#removePieces(before);
    await this.seen(outcome.position);
    return { ok: true, value: version };
  }

  /** The object of the key, if it shows one. */
  async find(bucket: string, key: string): Promise<ReadableObject | null> {
    const found = await this.findVersion(bucket, key, null);
    return found === null || found.status === 'marker' ? null : found;
  }

  /** The version of that name, or the newest, which may be a delete marker. */
  async findVersion(bucket: string, key: string, name: string | null): Promise<FoundVersion | null> {
    const { state, storedAt } = await loadObject(this.#options.store, bucket, key, { name });
    return state.status === 'absent' ? null : { ...state, storedAt };
  }

  /** The same version as it was recorded, if it is still there: it knows whether it has a name. */
  async versionAsStored(version: StoredVersion): Promise<StoredVersion> {
    const { bucket, key, versionId } = version;
    const { state } = await loadObject(this.#options.store, bucket, key, { versionId });
    return state.status === 'absent' || state.status === 'marker' ? version : state.version;
  }

  async tag(accountId: string, bucket: string, key: string, versionId: string, tags: Readonly<Record<string, string>>, actor = accountId): Promise<Done<null>> {
    const outcome = await this.handleObject(objectStreamId(bucket, key), command('TagObject', { versionId, accountId, tags }, this.#by(actor)));
    return outcome.ok ? { ok: true, value: null } : outcome;
  }

  async setAcl(accountId: string, bucket: string, key: string, versionId: string, acl: Acl, actor = accountId): Promise<Done<null>> {
    const outcome = await this.handleObject(objectStreamId(bucket, key), command('SetObjectAcl', { versionId, accountId, acl }, this.#by(actor)));
    return outcome.ok ? { ok: true, value: null } : outcome;
  }

  setRetention(accountId: string, { bucket, key, versionId }: StoredVersion, retention: Retention | null, bypass: boolean, actor = accountId): Promise<Done<null>> {
    return this.#changeObject(bucket, key, command('SetObjectRetention', { versionId, accountId, retention, bypass }, this.#by(actor)));
  }

  setLegalHold(accountId: string, { bucket, key, versionId }: StoredVersion, legalHold: boolean, actor = accountId): Promise<Done<null>> {
    return this.#changeObject(bucket, key, command('SetObjectLegalHold', { versionId, accountId, legalHold }, this.#by(actor)));
  }

  async #changeObject(bucket: string, key: string, asked: ObjectCommand): Promise<Done<null>> {
    const outcome = await this.handleObject(objectStreamId(bucket, key), asked);
    return outcome.ok ? { ok: true, value: null } : outcome;
  }

  /** The plain bytes from `start` to `end` (exclusive). Throws WrongObjectKey before the first of them. */
  async* read(version: StoredVersion, start = 0, end = version.sizeBytes, customerKey?: Uint8Array): AsyncGenerator<Buffer> {
    for await (const batch of this.readBatches(version, start, end, customerKey)) yield* batch;
  }

  /** The same, as much at once as whoever reads keeps up with: the time that it takes for a batch decides on the next one. It empties what it takes. */
  async* readBatches(version: StoredVersion, start = 0, end = version.sizeBytes, customerKey?: Uint8Array): AsyncGenerator<Buffer[]> {
    const key = await this.keys.wrappingKey(version, customerKey);
    const { bucket, key: name, versionId } = version;
    yield* readFollowing(version, start, (current, at) => readObject(this.#options.dataPath, current, key, at, end), async () => {
      const { state } = await loadObject(this.#options.store, bucket, name, { versionId });
      return state.status === 'stored' ? state.version : null;
    });
  }

  async delete({ accountId, bucket, key, version = null, condition = {}, bypass = false, actor = accountId }: DeleteObject): Promise<Done<Deleted>> {
    const versioning = (await this.bucket(bucket))?.versioning ?? 'off';
    // What goes for good: the version asked for; of a key without versions to come the one that a marker or nothing replaces.
    const name = version ?? (versioning === 'enabled' ? null : 'null');
    const before = name === null ? null : await this.findVersion(bucket, key, name);
    const markerId = newId('object', this.#options.now());
    const outcome = await this.handleObject(objectStreamId(bucket, key), command('DeleteObject', {
      bucket, key, accountId, condition, version, versioning, markerId, ...(bypass ? { bypass } : {}),
    }, this.#by(actor)));
    if (!outcome.ok) return outcome;
    if (before !== null) this.#removePieces(before);
    await this.seen(outcome.position);
    if (version !== null) return { ok: true, value: { version, marker: before?.status === 'marker' } };
    return { ok: true, value: { version: versioning === 'off' ? null : versioning === 'enabled' ? markerId : 'null', marker: versioning !== 'off' } };
  }

  /** Moves an object to the archive, to these backends or those of the platform's setting. */
  archive(accountId: string, bucket: string, key: string, name: string | null = null, backends?: readonly string[], actor = accountId): Promise<Archived> {
    return this.#objectArchive.archive({ accountId, bucket, key, name, actor }, backends);
  }

  /** Brings an archived object back to the hot nodes, for good or until a moment (ISO 8601); refused when what came back has another root. */
  restore(accountId: string, bucket: string, key: string, name: string | null = null, until?: string, actor = accountId): Promise<Archived> {
    return this.#objectArchive.restore({ accountId, bucket, key, name, actor }, until);
  }

  /** Waits until the catalogue shows it. */
  async seen(position: bigint): Promise<void> {
    if (position >= 0n) await this.#options.readModels.waitFor('objects', position);
  }

  /** Whoever asked need not wait. What cannot be removed now is an orphan, and swept. */
  #removePieces(before: FoundVersion): void {
    if (before.status === 'marker') return;
    const cold = before.status === 'archived' ? this.#archive.remove(coldSegments(before.cold, before.cars)) : Promise.resolve();
    void Promise.all([cold, this.#options.dataPath.edge?.purge(before.version.segments), this.#options.dataPath.remove(before.version.segments.flatMap(({ pieces }) => pieces))])
      .catch((error: unknown) => process.emitWarning(`pieces of ${before.version.versionId} were not removed: ${String(error)}`));
  }

  #by(accountId: string): { readonly actor: string; readonly now: Date } { return { actor: accountId, now: this.#options.now() }; }
}
