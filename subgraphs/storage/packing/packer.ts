// The packer: small segments that lie as replicas are gathered into packs, which are coded, and packs that are mostly holes are written
// anew. What is killed in between loses nothing, because replicas, or the pack before, count until a pack is sealed:
//   1  the pack's pieces, until every one of its n receipts is there     nobody refers to it: what stays is swept
//   2  the pack as an object of the platform's (ObjectStored)             from here on it is repaired like any other
//   3  each segment refers to it (SegmentPacked)                          and still to where it lay before
//   4  PackSealed, once                                                   now the places before belong to nothing, and go
// A pack that was left between 2 and 4 is sealed with what refers to it, or removed. Sealing and removing are events of one stream, so that
// one of them comes first, whoever else does the same; and what was not referred to before the seal keeps what it lay on.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { codeFor } from '@oort/algorithms-erasure';
import { isPackable, packEntryBytes, type PackEntry } from '@oort/algorithms-possession';
import { contentIdOfHash } from '@oort/kernel-content';
import { command } from '@oort/kernel-decider';
import type { EventStore } from '@oort/kernel-eventstore';
import type { ReadModels } from '@oort/kernel-projection';
import { newId } from '@oort/kernel-wire';
import { looseSegments, segmentsInPack, thinPacks, unsealedPacks, type PackableSegment } from '@oort/projections-objects';
import type { PiecePlacement, SegmentPlacement } from '@oort/schema/events/storage';
import type { DataPath } from '../data-path/data-path';
import { sealedLength } from '../data-path/sealing';
import { replicatedBytes } from '../data-path/segment-sink';
import type { WrittenSegment } from '../data-path/write';
import type { Condition } from '../commands';
import { loadObject } from '../load-object';
import { objectStreamId } from '../object-id';
import type { HandleObject } from '../object-writer';
import { packBucket } from './pack-book';
import { encodePack, segmentIn } from './pack-format';
import { batchesOf, type PackingRule } from './rule';

export interface PackerOptions {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly dataPath: DataPath;
  readonly handleObject: HandleObject;
  readonly rule: PackingRule;
  now(): Date;
  readonly intervalMs?: number;
}

/** Segments up to this length are replicas in needle logs. */
export const looseBytes = sealedLength(replicatedBytes);
const readAtOnce = 8;
const thinATurn = 2;
const platform = 'platform';

/** A segment on its way into a pack. */
interface Taken { readonly from: PackableSegment; readonly segmentId: string; readonly sealed: Buffer; readonly pieces: readonly PiecePlacement[] }

export class Packer {
  constructor(private readonly options: PackerOptions) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const more = await this.runOnce().catch((error: unknown) => {
        process.emitWarning(`packing: ${String(error)}`);
        return false;
      });
      // Half of the time at most, while there is more to do.
      const restMs = more ? performance.now() - startedAt : this.options.intervalMs ?? 60_000;
      await delay(restMs, null, { signal }).catch(() => undefined);
    }
  }

  /** One pack of what is old enough, one of what lies in thin packs, and what was left unfinished. True when there may be more. */
  async runOnce(): Promise<boolean> {
    const { store, readModels, rule, now } = this.options;
    // After a restart the catalogue may be behind what was done before it.
    const head = await store.head();
    if (head !== null) await readModels.waitFor('objects', head);
    await this.#finish();
    const storedBefore = new Date(now().getTime() - rule.ageMs).toISOString();
    const loose = (await looseSegments(readModels, { mostBytes: looseBytes, besides: packBucket, storedBefore, limit: rule.mostSegments })).filter(({ segmentId }) => isPackable(segmentId));
    const { batches, rest } = batchesOf(loose, rule, now());
    let packed = false;
    for (const batch of batches) packed = await this.#pack(batch) || packed;
    return await this.#compact(rest) || packed;
  }

  /** Thin packs are taken apart and what lives in them goes into a new one, with replicas that wait for company; empty ones go. */
  async #compact(waiting: readonly PackableSegment[]): Promise<boolean> {
    const { readModels, rule } = this.options;
    const thin = await thinPacks(readModels, rule.liveShare, packEntryBytes, thinATurn);
    const living: PackableSegment[] = [];
    for (const { packId, liveBytes } of thin) {
      if (liveBytes === 0) await this.#remove(packId);
      else living.push(...await segmentsInPack(readModels, packId));
    }
    if (living.length === 0 || !await this.#pack([...living, ...waiting])) return false;
    for (const { packId } of thin) if ((await segmentsInPack(readModels, packId)).length === 0) await this.#remove(packId);
    return true;
  }

  /** Packs that were left behind by somebody who is gone. */
  async #finish(): Promise<void> {
    const { readModels, rule, now } = this.options;
    const left = await unsealedPacks(readModels, packBucket, new Date(now().getTime() - rule.abandonedMs).toISOString());
    for (const { packId, segments } of left) {
      if (segments === 0) await this.#remove(packId, { ifUnsealed: true });
      else await this.#seal(packId, segments);
    }
  }

  async #pack(batch: readonly PackableSegment[]): Promise<boolean> {
    if (!await this.#isWorthIt(batch)) return false;
    const taken = await this.#take(batch);
    if (taken.length === 0) return false;
    const { bytes, entries } = encodePack(taken);
    const placement = await this.#place(bytes, taken.some(({ from }) => from.packId !== null));
    if (placement === null) return false;
    const packId = await this.#store(placement, bytes);
    if (packId === null) return false;
    const left = await this.#refer(packId, taken, entries);
    if (left.length === 0) {
      await this.#remove(packId, { ifUnsealed: true });
      return false;
    }
    if (!await this.#seal(packId, left.length)) return true;
    // Others may have referred to another pack meanwhile: what the catalogue says that it lies here lies on nothing else.
    const here = new Set((await segmentsInPack(this.options.readModels, packId)).map(({ segmentId }) => segmentId));
    await this.options.dataPath.remove(left.flatMap(({ segmentId, pieces }) => (here.has(segmentId) ? pieces : [])));
    return true;
  }

  /** Replicas are worth packing where a pack is coded. What is left of thin packs may be too little for a code, and a small pack of replicas
   *  still takes less than they do. */
  async #isWorthIt(batch: readonly PackableSegment[]): Promise<boolean> {
    const { dataPath } = this.options;
    const network = (await dataPath.watch.all()).filter(({ kind }) => kind === 'super');
    const well = network.filter((node) => dataPath.watch.isWell(node)).length;
    const plan = codeFor(batch.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), network.length, well);
    return plan !== null && well >= plan.n && (plan.k > 1 || batch.some(({ packId }) => packId !== null));
  }

  /** Their sealed bytes as they lie now. What cannot be read now, or is there no more, is left out. */
  async #take(batch: readonly PackableSegment[]): Promise<readonly Taken[]> {
    const packs = await this.#packsOf(batch);
    const taken: Taken[] = [];
    for (let start = 0; start < batch.length; start += readAtOnce) {
      const read = await Promise.all(batch.slice(start, start + readAtOnce).map((from) => this.#takeOne(from, packs).catch(() => null)));
      taken.push(...read.flatMap((one) => one ?? []));
    }
    return taken;
  }

  /** Whole, with every piece held against its receipt: a range that one node gives might be anything. */
  async #packsOf(batch: readonly PackableSegment[]): Promise<ReadonlyMap<string, Buffer>> {
    const { dataPath } = this.options;
    const packs = new Map<string, Buffer>();
    for (const packId of new Set(batch.flatMap((from) => from.packId ?? []))) {
      const placement = await dataPath.locatePack(packId, true);
      const bytes = placement === null ? null : await dataPath.sealedBytes(placement, platform).catch(() => null);
      if (bytes !== null) packs.set(packId, bytes);
    }
    return packs;
  }

  async #takeOne(from: PackableSegment, packs: ReadonlyMap<string, Buffer>): Promise<Taken | null> {
    const { state } = await loadObject(this.options.store, from.bucket, from.key, { versionId: from.versionId });
    const segment = state.status === 'stored' ? state.version.segments.find(({ segmentId }) => segmentId === from.segmentId) : undefined;
    if (segment === undefined) return null;
    if (from.packId !== null) {
      const place = segment.packed?.find(({ packId }) => packId === from.packId);
      const pack = packs.get(from.packId);
      const sealed = pack === undefined || place === undefined ? null : segmentIn(pack, place.ordinal, segment.segmentId);
      return sealed === null ? null : { from, segmentId: segment.segmentId, sealed, pieces: [] };
    }
    const sealed = await this.options.dataPath.sealedBytes(segment, platform);
    return sealed.length === segment.sizeBytes ? { from, segmentId: segment.segmentId, sealed, pieces: segment.pieces } : null;
  }

  /** Null unless all n nodes have signed: a pack holds many objects, and they were safe before. */
  async #place(bytes: Buffer, mayBeReplicas: boolean): Promise<SegmentPlacement | null> {
    const { dataPath, now } = this.options;
    const written: WrittenSegment = await dataPath.place(newId('segment', now()), bytes, platform);
    const pieces = [...written.placement.pieces, ...await written.late].sort((a, b) => a.index - b.index);
    const placement = { ...written.placement, pieces };
    if (pieces.length === placement.n && (placement.k > 1 || mayBeReplicas)) return placement;
    await dataPath.remove(pieces);
    return null;
  }

  async #store(placement: SegmentPlacement, bytes: Buffer): Promise<string | null> {
    const { dataPath, handleObject, now } = this.options;
    const packId = newId('object', now());
    const digest = createHash('sha256').update(bytes).digest();
    const outcome = await handleObject(objectStreamId(packBucket, packId), command('StoreObject', {
      bucket: packBucket, key: packId, versionId: packId, accountId: platform, sizeBytes: bytes.length, etag: createHash('md5').update(bytes).digest('hex'),
      sha256: digest.toString('hex'), contentId: contentIdOfHash(digest), contentType: 'application/vnd.oort.pack', storageClass: 'STANDARD' as const,
      wrappedKey: '', userMetadata: {}, checksums: {}, segments: [placement], condition: { ifNoneMatch: '*' },
    }, { actor: platform, now: now() }));
    if (outcome.ok) return packId;
    await dataPath.remove(placement.pieces);
    return null;
  }

  /** Those that refer to the pack now. Who was deleted or overwritten meanwhile leaves a hole. */
  async #refer(packId: string, taken: readonly Taken[], entries: readonly PackEntry[]): Promise<readonly Taken[]> {
    const { handleObject, now } = this.options;
    const referring: Taken[] = [];
    for (let start = 0; start < taken.length; start += readAtOnce) {
      const asked = taken.slice(start, start + readAtOnce).map(async (one, index) => {
        const ordinal = start + index;
        const { bucket, key, versionId, packId: from } = one.from;
        const outcome = await handleObject(objectStreamId(bucket, key), command('PackSegment', {
          versionId, segmentId: one.segmentId, packId, ordinal, offset: entries[ordinal]?.offset ?? 0, from,
        }, { actor: platform, now: now() }));
        return outcome.ok ? [one] : [];
      });
      referring.push(...(await Promise.all(asked)).flat());
    }
    return referring;
  }

  /** True when it was sealed by this. Waits for the catalogue, so that what it owned before is nobody's by then. */
  async #seal(packId: string, segments: number): Promise<boolean> {
    const { handleObject, readModels, now } = this.options;
    const outcome = await handleObject(objectStreamId(packBucket, packId), command('SealPack', { versionId: packId, segments }, { actor: platform, now: now() }));
    if (!outcome.ok) return false;
    await readModels.waitFor('objects', outcome.position);
    return true;
  }

  /** Only a pack of which the catalogue knew that it is sealed may go whatever it is: in such a one nothing comes to lie any more. */
  async #remove(packId: string, condition: Condition = {}): Promise<void> {
    const { store, dataPath, handleObject, readModels, now } = this.options;
    const { state } = await loadObject(store, packBucket, packId);
    const outcome = await handleObject(objectStreamId(packBucket, packId), command('DeleteObject', {
      bucket: packBucket, key: packId, accountId: platform, condition, version: null, versioning: 'off' as const, markerId: '',
    }, { actor: platform, now: now() }));
    if (!outcome.ok) return;
    await readModels.waitFor('objects', outcome.position);
    if (state.status === 'stored') await dataPath.remove(state.version.segments.flatMap(({ pieces }) => pieces));
  }
}
