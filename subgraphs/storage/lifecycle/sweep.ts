// The rules carried out: buckets that have any are read through, key by key, and what is due goes, is archived or is given up. Each deed is
// a command like a client's, on the version that was looked at, so that a sweep that is killed or runs twice does nothing twice.
import { setTimeout as sleep } from 'node:timers/promises';
import { bucketsWithLifecycle, endedRestores, listVersions, uploadsOf, type ObjectRow } from '@oort/projections-objects';
import type { ReadModels } from '@oort/kernel-projection';
import { Fault } from '@oort/kernel-wire';
import { lifecycleActor as actor } from '../notifications/records';
import type { Done, ObjectStore } from '../object-store';
import {
  abortOf, expiryOf, lifecycleRules, markerExpiryOf, needsTags, noncurrentExpiryOf, noncurrentTransitionOf, transitionOf,
  type Aged, type Due, type LifecycleRule,
} from './rules';

export interface LifecycleOptions {
  readonly objects: ObjectStore;
  readonly readModels: ReadModels;
  now(): Date;
  /** Between two sweeps. Default: an hour, or a tenth of a shortened day. */
  readonly everyMs?: number;
}

/** What a sweep did. */
export interface Swept { expired: number; noncurrent: number; markers: number; archived: number; aborted: number; refused: number }

type Deed = keyof Swept;

const pageSize = 500;
const hourMs = 3_600_000;

export class LifecycleSweep {
  readonly dayMs: number;
  readonly #options: LifecycleOptions;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.dayMs = options.objects.dayMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    const everyMs = this.#options.everyMs ?? Math.min(hourMs, this.dayMs / 10);
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.sweep(signal).catch((error: unknown) => { if (!signal.aborted) process.emitWarning(`a sweep of lifecycle rules ended early: ${String(error)}`); });
    }
  }

  async sweep(signal?: AbortSignal): Promise<Swept> {
    const swept: Swept = { expired: 0, noncurrent: 0, markers: 0, archived: 0, aborted: 0, refused: 0 };
    const { readModels, objects, now } = this.#options;
    for (const { bucket, accountId, lifecycle } of await bucketsWithLifecycle(readModels)) {
      if (signal?.aborted === true) return swept;
      await this.#sweepBucket({ bucket, accountId, rules: lifecycleRules(lifecycle ?? undefined) }, swept, signal);
    }
    for (const { bucket, key, accountId, named, versionId } of await endedRestores(readModels, now().toISOString(), pageSize)) {
      await countReached(swept, 'archived', () => objects.archive(accountId, bucket, key, named ? versionId : 'null', undefined, actor));
    }
    return swept;
  }

  async #sweepBucket(bucket: Ruled, swept: Swept, signal?: AbortSignal): Promise<void> {
    const { readModels, objects } = this.#options;
    for (const upload of await uploadsOf(readModels, bucket.bucket)) {
      if (this.#isDue(abortOf(bucket.rules, upload, this.dayMs))) count(swept, 'aborted', await objects.uploads.abort(upload.uploadId));
    }
    let after: { readonly afterKey: string; readonly afterVersion: string | null } = { afterKey: '', afterVersion: null };
    let carried: ObjectRow[] = [];
    for (;;) {
      const page = await listVersions(readModels, { bucket: bucket.bucket, prefix: '', delimiter: '', ...after, limit: pageSize });
      const rows = [...carried, ...page.entries.flatMap((entry) => ('object' in entry ? [entry.object] : []))];
      const last = rows.at(-1);
      if (last === undefined || signal?.aborted === true) return;
      // The versions of the page's last key may go on with the next page.
      carried = page.truncated ? rows.filter(({ key }) => key === last.key) : [];
      for (const versions of byKey(rows.slice(0, rows.length - carried.length))) await this.#sweepKey(bucket, versions, swept);
      if (!page.truncated) return;
      after = { afterKey: last.key, afterVersion: last.versionId };
    }
  }

  /** All versions of one key, the newest first. */
  async #sweepKey(bucket: Ruled, versions: readonly ObjectRow[], swept: Swept): Promise<void> {
    const [current] = versions;
    if (current === undefined) return;
    let newer = 0;
    for (const [place, row] of versions.entries()) {
      const successor = versions[place - 1];
      if (successor === undefined) continue;
      const aged = await this.#aged(bucket, row);
      const since = { since: successor.storedAt, newer };
      newer += 1;
      if (this.#isDue(noncurrentExpiryOf(bucket.rules, aged, since, this.dayMs))) await this.#remove(bucket, row, 'noncurrent', swept);
      else if (isHot(row) && this.#isDue(noncurrentTransitionOf(bucket.rules, aged, since, this.dayMs))) await this.#archive(bucket, row, swept);
    }
    const aged = await this.#aged(bucket, current);
    if (current.marker) {
      if (versions.length === 1 && this.#isDue(markerExpiryOf(bucket.rules, aged, this.dayMs))) await this.#remove(bucket, current, 'markers', swept);
      return;
    }
    if (this.#isDue(expiryOf(bucket.rules, aged, this.dayMs))) await this.#expire(bucket, current, swept);
    else if (isHot(current) && this.#isDue(transitionOf(bucket.rules, aged, this.dayMs))) await this.#archive(bucket, current, swept);
  }

  #isDue(due: Due | null): boolean {
    return due !== null && due.at <= this.#options.now().getTime();
  }

  async #aged({ bucket, rules }: Ruled, { key, versionId, sizeBytes, storedAt, marker, named }: ObjectRow): Promise<Aged> {
    const found = marker || !needsTags(rules) ? null : await this.#options.objects.findVersion(bucket, key, named ? versionId : 'null');
    return { key, sizeBytes: Number(sizeBytes), storedAt, tags: found === null || found.status === 'marker' ? {} : found.version.tags ?? {} };
  }

  /** What shows is hidden behind a marker, or goes where the bucket keeps no versions. */
  async #expire({ bucket, accountId }: Ruled, { key, versionId }: ObjectRow, swept: Swept): Promise<void> {
    count(swept, 'expired', await this.#options.objects.delete({ accountId, bucket, key, condition: { ifVersion: versionId }, actor }));
  }

  /** One version or marker for good; a lock keeps it. */
  async #remove({ bucket, accountId }: Ruled, { key, versionId, named }: ObjectRow, deed: Deed, swept: Swept): Promise<void> {
    count(swept, deed, await this.#options.objects.delete({ accountId, bucket, key, version: named ? versionId : 'null', actor }));
  }

  async #archive({ bucket, accountId }: Ruled, { key, versionId, named }: ObjectRow, swept: Swept): Promise<void> {
    await countReached(swept, 'archived', () => this.#options.objects.archive(accountId, bucket, key, named ? versionId : 'null', undefined, actor));
  }
}

interface Ruled { readonly bucket: string; readonly accountId: string; readonly rules: readonly LifecycleRule[] }

/** What was archived once and restored is its reader's until the restore ends. */
function isHot({ marker, storageClass, archiveId }: ObjectRow): boolean {
  return !marker && storageClass !== 'ARCHIVE' && archiveId === null;
}

/** An archive that is away, or nodes that are, keep nobody else's rules from being carried out: the next sweep asks again. */
async function countReached(swept: Swept, deed: Deed, act: () => Promise<Done<unknown>>): Promise<void> {
  try {
    count(swept, deed, await act());
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    swept.refused += 1;
  }
}

function count(swept: Swept, deed: Deed, done: Done<unknown>): void {
  swept[done.ok ? deed : 'refused'] += 1;
}

function byKey(rows: readonly ObjectRow[]): readonly (readonly ObjectRow[])[] {
  const groups: ObjectRow[][] = [];
  for (const row of rows) {
    const group = groups.at(-1);
    if (group?.[0]?.key === row.key) group.push(row);
    else groups.push([row]);
  }
  return groups;
}
