// The platform's own blobs (images, models, manifests, checkpoints) on the nodes, in a bucket of the platform's account.
// A blob's placement is read from its own event stream, so a get after a put needs no projection.
import { createHandler, command, loadState } from '@oort/kernel-decider';
import { ContentCorrupt, ContentMissing, contentIdOf, type ContentStore } from '@oort/kernel-content';
import type { EventStore, KeyStore } from '@oort/kernel-eventstore';
import { sha256Hex } from '@oort/kernel-wire';
import { objectDecider } from './decide';
import { objectStreamId } from './object-id';
import { EncryptionKeys } from './encryption-keys/encryption-keys';
import { ObjectKeys } from './object-keys';
import { ObjectWriter } from './object-writer';
import { accountKeyId } from './account-key';
import { readObject } from './object-reader';
import { packBook, readFollowing } from './packing/pack-book';
import type { DataPath } from './data-path/data-path';
import { versionOf } from './state';

export const contentBucket = 'system-content';
const platformAccount = 'platform';
/** Blobs are immutable and checked, so those read lately may be kept. */
const cachedBytes = 64 * 1024 * 1024;

export interface ContentStoreOptions {
  readonly store: EventStore;
  readonly dataPath: DataPath;
  readonly keys: KeyStore;
  now(): Date;
}

/** Faults: StorageUnavailable while fewer nodes are enrolled than the promise needs; ContentMissing, ContentCorrupt. */
export function createContentStore({ store, dataPath, keys, now }: ContentStoreOptions): ContentStore {
  const handle = createHandler({ store, decider: objectDecider, now: () => now() });
  const writer = new ObjectWriter({ dataPath, keys: new ObjectKeys(keys, new EncryptionKeys({ store, keys, now })), handle, now: () => now() });
  const cache = new BlobCache();
  dataPath.locatePack = packBook(store);
  const putting = new Map<string, Promise<string>>();

  async function write(contentId: string, bytes: Buffer): Promise<string> {
    if (await find(contentId) !== null) return contentId;
    const draft = await writer.receive(oneChunk(bytes), platformAccount);
    const outcome = await handle(objectStreamId(contentBucket, contentId), command('StoreObject', {
      bucket: contentBucket, key: contentId, versionId: draft.versionId, accountId: platformAccount, sizeBytes: bytes.length,
      etag: draft.md5, sha256: sha256Hex(bytes), contentId, contentType: 'application/octet-stream', storageClass: 'STANDARD' as const,
      wrappedKey: draft.wrappedKey, userMetadata: {}, checksums: {}, segments: draft.segments, condition: { ifNoneMatch: '*' },
    }, { actor: platformAccount, now: now() }));
    // Refused: another put of the same blob was first, and its bytes are these.
    if (outcome.ok) draft.follow(contentBucket, contentId);
    else await draft.discard();
    return contentId;
  }

  async function find(contentId: string) {
    const { state } = await loadState(store, objectDecider, objectStreamId(contentBucket, contentId));
    const blob = versionOf(state, null);
    return blob.status === 'stored' ? blob.version : null;
  }

  return {
    async put(given) {
      const bytes = Buffer.from(given);
      const contentId = contentIdOf(bytes);
      const underWay = putting.get(contentId) ?? write(contentId, bytes).finally(() => putting.delete(contentId));
      putting.set(contentId, underWay);
      await underWay;
      cache.set(contentId, bytes);
      return contentId;
    },
    async get(contentId) {
      const known = cache.get(contentId);
      if (known !== undefined) return Buffer.from(known);
      const version = await find(contentId);
      if (version === null) throw new ContentMissing(contentId);
      const key = await keys.obtain(accountKeyId(platformAccount));
      const chunks: Buffer[] = [];
      for await (const batch of readFollowing(version, 0, (current, at) => readObject(dataPath, current, key, at), () => find(contentId))) chunks.push(...batch);
      const bytes = Buffer.concat(chunks);
      if (contentIdOf(bytes) !== contentId) throw new ContentCorrupt(contentId);
      cache.set(contentId, bytes);
      return Buffer.from(bytes);
    },
    async has(contentId) {
      return cache.get(contentId) !== undefined || await find(contentId) !== null;
    },
  };
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

class BlobCache {
  readonly #blobs = new Map<string, Buffer>();
  #bytes = 0;

  get(contentId: string): Buffer | undefined {
    const bytes = this.#blobs.get(contentId);
    if (bytes !== undefined) {
      this.#blobs.delete(contentId);
      this.#blobs.set(contentId, bytes);
    }
    return bytes;
  }

  set(contentId: string, bytes: Buffer): void {
    if (this.#blobs.has(contentId) || bytes.length > cachedBytes / 8) return;
    this.#blobs.set(contentId, bytes);
    this.#bytes += bytes.length;
    for (const [eldest, { length }] of this.#blobs) {
      if (this.#bytes <= cachedBytes) return;
      this.#blobs.delete(eldest);
      this.#bytes -= length;
    }
  }
}
