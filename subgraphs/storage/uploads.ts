import { createHash } from 'node:crypto';
import { command, createHandler, loadState } from '@oort/kernel-decider';
import type { EventStore } from '@oort/kernel-eventstore';
import { deriveId, newUlid } from '@oort/kernel-wire';
import type { Acl, ObjectEncryption, ObjectLock, SegmentPlacement } from '@oort/schema/events/storage';
import type { Condition } from './commands';
import type { DataPath } from './data-path/data-path';
import { uploadDecider } from './decide';
import { shownDigests, type AskedEncryption, type ObjectKeys } from './object-keys';
import type { Done, ObjectStore, PresentBucket } from './object-store';
import type { ObjectWriter } from './object-writer';
import type { Part, StoredVersion, UploadState } from './state';

export interface StartUpload {
  readonly accountId: string; readonly bucket: string; readonly key: string; readonly contentType: string;
  readonly userMetadata: Readonly<Record<string, string>>; readonly checksumAlgorithm: string | null;
  readonly checksumType?: 'COMPOSITE' | 'FULL_OBJECT';
  readonly tags?: Readonly<Record<string, string>>;
  readonly acl?: Acl;
  readonly lock?: ObjectLock;
  readonly encryption?: AskedEncryption;
  /** Default: `accountId`. */
  readonly actor?: string;
}

interface UploadsOptions { readonly store: EventStore; readonly dataPath: DataPath; readonly keys: ObjectKeys; readonly writer: ObjectWriter; now(): Date }

/** Multipart uploads. Parts share the object's key and each is a list of segments, so completing moves no data. */
export class Uploads {
  readonly #objects: ObjectStore;
  readonly #options: UploadsOptions;
  readonly #handle;

  constructor(objects: ObjectStore, options: UploadsOptions) {
    this.#objects = objects;
    this.#options = options;
    this.#handle = createHandler({ store: options.store, decider: uploadDecider, now: () => options.now() });
  }

  async start({ actor, encryption: asked, ...start }: StartUpload): Promise<string> {
    const uploadId = newUlid(this.#options.now());
    const { wrappedKey, encryption } = await this.#options.keys.newKey(start.accountId, asked);
    const outcome = await this.#handle(uploadId, command('StartUpload', {
      uploadId, ...start, wrappedKey, ...(encryption === undefined ? {} : { encryption }), ...(actor === undefined || actor === start.accountId ? {} : { initiator: actor }),
    }, this.#by(actor ?? start.accountId)));
    if (outcome.ok) await this.#objects.seen(outcome.position);
    return uploadId;
  }

  async find(uploadId: string): Promise<UploadState> {
    return (await loadState(this.#options.store, uploadDecider, uploadId)).state;
  }

  async storePart(
    uploadId: string, partNumber: number, body: AsyncIterable<Uint8Array>, checksums: () => Readonly<Record<string, string>>, sizeBytes?: number,
    /** Upload and bucket as the door has them already, and the customer's key where the upload began with one. */
    known: { readonly upload?: UploadState; readonly state?: PresentBucket; readonly customerKey?: Uint8Array } = {},
  ): Promise<Done<Part>> {
    const before = known.upload ?? await this.find(uploadId);
    if (before.status !== 'open') return refused('NO_SUCH_UPLOAD', 'There is no such upload.');
    const asked = { bucket: before.upload.bucket, objects: 0, ...(sizeBytes === undefined ? {} : { sizeBytes }), ...(known.state === undefined ? {} : { state: known.state }) };
    return this.#objects.withinQuota(asked, body, (within) => this.#storePart(uploadId, partNumber, within, checksums, before, known.customerKey));
  }

  async #storePart(
    uploadId: string, partNumber: number, body: AsyncIterable<Uint8Array>, checksums: () => Readonly<Record<string, string>>, before: Extract<UploadState, { readonly status: 'open' }>,
    customerKey?: Uint8Array,
  ): Promise<Done<Part>> {
    const { wrappedKey, accountId, encryption } = before.upload;
    const objectKey = await this.#options.keys.open(before.upload, customerKey);
    const draft = await this.#options.writer.receive(body, accountId, { objectKey, wrappedKey });
    const { etag, sha256 } = shownDigests(draft, { objectKey, ...(encryption === undefined ? {} : { encryption }) });
    const part: Part = { uploadId, partNumber, sizeBytes: draft.sizeBytes, etag, sha256, checksums: checksums(), segments: draft.segments };
    const outcome = await this.#handle(uploadId, command('StorePart', part, this.#by(accountId)));
    if (!outcome.ok) {
      await draft.discard();
      return outcome;
    }
    await this.#options.dataPath.remove(piecesOf(before.parts.get(partNumber)?.segments ?? []));
    return { ok: true, value: part };
  }

  /** The object first, under ids that derive from the upload, then the upload's end: whatever is killed in between, the same
   *  request again finishes it once. */
  async complete(
    uploadId: string, parts: readonly { readonly partNumber: number; readonly etag: string }[], condition: Condition,
    /** Of the whole, from its parts. What it throws leaves the upload open. */
    checksums: (parts: readonly Part[]) => Readonly<Record<string, string>> = () => ({}),
    actor?: string,
  ): Promise<Done<StoredVersion>> {
    const state = await this.find(uploadId);
    const versionId = deriveId('object', uploadId);
    const asked = command('CompleteUpload', { versionId, parts }, { ...this.#by('platform'), id: deriveId('command', `complete/${uploadId}`) });
    const decision = uploadDecider.decide(asked, state);
    if ('refused' in decision) return { ok: false, refusal: decision.refused };
    if (state.status !== 'open' && state.status !== 'completed') return refused('NO_SUCH_UPLOAD', 'There is no such upload.');
    const chosen = parts.flatMap(({ partNumber }) => state.parts.get(partNumber) ?? []);
    const version = { ...joined(state.upload, versionId, chosen), checksums: checksums(chosen) };
    const unused = [...state.parts.values()].filter((part) => !chosen.includes(part));
    const nothing = { follow: () => undefined, discard: () => Promise.resolve() };
    if (state.status === 'completed') return { ok: true, value: await this.#objects.versionAsStored(version) };
    // Its parts are counted already.
    const stored = await this.#objects.withinQuota({ bucket: version.bucket, objects: 1 }, noBytes(), () =>
      this.#objects.commit(version, condition, nothing, { actor: actor ?? version.accountId, id: deriveId('command', `store/${uploadId}`) }));
    if (!stored.ok) return stored;
    const outcome = await this.#handle(uploadId, asked);
    if (!outcome.ok) return outcome;
    await this.#objects.seen(outcome.position);
    await this.#options.dataPath.remove(unused.flatMap(({ segments }) => piecesOf(segments)));
    return stored;
  }

  async abort(uploadId: string): Promise<Done<null>> {
    const state = await this.find(uploadId);
    const outcome = await this.#handle(uploadId, command('AbortUpload', { uploadId }, this.#by('platform')));
    if (!outcome.ok) return outcome;
    await this.#objects.seen(outcome.position);
    if (state.status === 'open') await this.#options.dataPath.remove([...state.parts.values()].flatMap(({ segments }) => piecesOf(segments)));
    return { ok: true, value: null };
  }

  #by(actor: string): { readonly actor: string; readonly now: Date } { return { actor, now: this.#options.now() }; }
}

/** As S3 does: the etag is the MD5 of the parts' MD5s with their count. Nobody hashed the whole, so there is no content id. */
function joined(
  upload: { readonly bucket: string; readonly key: string; readonly accountId: string; readonly contentType: string; readonly wrappedKey: string; readonly userMetadata: Readonly<Record<string, string>>; readonly tags?: Readonly<Record<string, string>>; readonly acl?: Acl; readonly lock?: ObjectLock; readonly encryption?: ObjectEncryption },
  versionId: string, parts: readonly Part[],
): StoredVersion {
  const { bucket, key, accountId, contentType, wrappedKey, userMetadata } = upload;
  const digest = (algorithm: string, hexes: readonly string[]): string =>
    `${createHash(algorithm).update(Buffer.concat(hexes.map((hex) => Buffer.from(hex, 'hex')))).digest('hex')}-${parts.length}`;
  return {
    bucket, key, versionId, accountId, contentType, wrappedKey, userMetadata, storageClass: 'STANDARD', contentId: '', checksums: {},
    sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    etag: digest('md5', parts.map(({ etag }) => etag)),
    sha256: digest('sha256', parts.map(({ sha256 }) => sha256)),
    segments: parts.flatMap(({ segments }) => segments),
    parts: parts.map(({ partNumber, sizeBytes, checksums }) => ({ partNumber, sizeBytes, checksums })),
    ...(upload.tags === undefined ? {} : { tags: upload.tags }), ...(upload.acl === undefined ? {} : { acl: upload.acl }),
    ...(upload.lock === undefined ? {} : { lock: upload.lock }), ...(upload.encryption === undefined ? {} : { encryption: upload.encryption }),
  };
}

async function* noBytes(): AsyncGenerator<Uint8Array> { /* An upload's end brings none. */ }

function piecesOf(segments: readonly SegmentPlacement[]): SegmentPlacement['pieces'] {
  return segments.flatMap(({ pieces }) => pieces);
}

function refused(code: 'NO_SUCH_UPLOAD', message: string): { readonly ok: false; readonly refusal: { readonly code: 'NO_SUCH_UPLOAD'; readonly message: string; readonly payload: { readonly partNumber: null } } } {
  return { ok: false, refusal: { code, message, payload: { partNumber: null } } };
}
