// What is asked of the catalogue to pack small segments, and what packing has saved.
import type { ReadModels } from '@oort/kernel-projection';
import { objectsSchema } from './entities';

type Models = Pick<ReadModels, 'database'>;

export interface PackableSegment {
  readonly segmentId: string; readonly versionId: string; readonly bucket: string; readonly key: string; readonly sizeBytes: number; readonly storedAt: string;
  /** Where it lies now; null is replicas. */
  readonly packId: string | null;
}

/** Replicas up to so many bytes of objects that are as old, the oldest segments first. */
export function looseSegments({ database }: Models, asked: { readonly mostBytes: number; /** A bucket, that of the packs. */ readonly besides: string; readonly storedBefore: string; readonly limit: number }): Promise<readonly PackableSegment[]> {
  return database.query(
    `SELECT s."segmentId", s."versionId", o.bucket, o.key, s."sizeBytes", o."storedAt", s."packId"
     FROM ${objectsSchema}.segment s JOIN ${objectsSchema}.object o ON o."versionId" = s."versionId"
     WHERE s."packId" IS NULL AND s.k = 1 AND NOT s.cold AND s."sizeBytes" <= $1 AND o."storedAt" <= $2 AND o.bucket <> $4 ORDER BY s."segmentId" LIMIT $3`,
    [asked.mostBytes, asked.storedBefore, asked.limit, asked.besides]);
}

export function segmentsInPack({ database }: Models, packId: string): Promise<readonly PackableSegment[]> {
  return database.query(
    `SELECT s."segmentId", s."versionId", o.bucket, o.key, s."sizeBytes", o."storedAt", s."packId"
     FROM ${objectsSchema}.segment s JOIN ${objectsSchema}.object o ON o."versionId" = s."versionId" WHERE s."packId" = $1 ORDER BY s."segmentId"`, [packId]);
}

export interface PackUse { readonly packId: string; readonly sizeBytes: number; readonly liveBytes: number }

/** Sealed packs whose live part, with an index of `indexBytes` for each and for the pack, is below this share, the emptiest first. So one that
 *  was just written never is, however small its segments are. Cost: a pass over the packs. */
export async function thinPacks({ database }: Models, share: number, indexBytes: number, limit: number): Promise<readonly PackUse[]> {
  const rows: { readonly packId: string; readonly sizeBytes: number; readonly live: string }[] = await database.query(
    `SELECT p."packId", p."sizeBytes", COALESCE(sum(s."sizeBytes"), 0)::text AS live
     FROM ${objectsSchema}.pack p LEFT JOIN ${objectsSchema}.segment s ON s."packId" = p."packId"
     GROUP BY p."packId", p."sizeBytes"
     HAVING count(s.*) = 0 OR COALESCE(sum(s."sizeBytes"), 0) + $3::int * (count(s.*) + 1) < p."sizeBytes" * $1::float8
     ORDER BY COALESCE(sum(s."sizeBytes"), 0)::float8 / p."sizeBytes" LIMIT $2`, [share, limit, indexBytes]);
  return rows.map(({ packId, sizeBytes, live }) => ({ packId, sizeBytes, liveBytes: Number(live) }));
}

/** Packs of this bucket that are placed and were not sealed: whoever made them may be gone. `segments` refer to each. */
export function unsealedPacks({ database }: Models, bucket: string, storedBefore: string): Promise<readonly { readonly packId: string; readonly segments: number }[]> {
  return database.query(
    `SELECT o."versionId" AS "packId", (SELECT count(*)::int FROM ${objectsSchema}.segment s WHERE s."nextPackId" = o."versionId") AS segments
     FROM ${objectsSchema}.object o LEFT JOIN ${objectsSchema}.pack p ON p."packId" = o."versionId"
     WHERE o.bucket = $1 AND p."packId" IS NULL AND o."storedAt" <= $2`, [bucket, storedBefore]);
}

export interface PackingReport {
  readonly packs: number;
  /** In packs, as they lie encrypted: segments that are wanted, and their bytes. */
  readonly segments: number; readonly liveBytes: number;
  /** Of what was deleted or moved, and of the packs' indices. */
  readonly otherBytes: number;
  /** On nodes: what the segments took as replicas, and what their packs take. */
  readonly rawBytesBefore: number; readonly rawBytesNow: number;
  /** Small segments that are replicas still. */
  readonly loose: number; readonly looseBytes: number;
}

/** Cost: a pass over the catalogue. */
export async function packingReport({ database }: Models, mostBytes: number): Promise<PackingReport> {
  const [row]: Readonly<Record<string, string>>[] = await database.query(
    `SELECT (SELECT count(*) FROM ${objectsSchema}.pack)::text AS packs, (SELECT COALESCE(sum("sizeBytes"), 0) FROM ${objectsSchema}.pack)::text AS "packBytes",
       (SELECT COALESCE(sum(ceil(p."sizeBytes"::float8 * s.n / s.k)), 0) FROM ${objectsSchema}.pack p JOIN ${objectsSchema}.segment s ON s."segmentId" = p."segmentId")::text AS "rawNow",
       count(*) FILTER (WHERE "packId" IS NOT NULL)::text AS segments, COALESCE(sum("sizeBytes") FILTER (WHERE "packId" IS NOT NULL), 0)::text AS live,
       COALESCE(sum("sizeBytes"::bigint * n) FILTER (WHERE "packId" IS NOT NULL), 0)::text AS "rawBefore",
       count(*) FILTER (WHERE "packId" IS NULL AND k = 1 AND "sizeBytes" <= $1 AND NOT EXISTS (SELECT 1 FROM ${objectsSchema}.pack p WHERE p."packId" = "versionId"))::text AS loose,
       COALESCE(sum("sizeBytes") FILTER (WHERE "packId" IS NULL AND k = 1 AND "sizeBytes" <= $1 AND NOT EXISTS (SELECT 1 FROM ${objectsSchema}.pack p WHERE p."packId" = "versionId")), 0)::text AS "looseBytes"
     FROM ${objectsSchema}.segment WHERE NOT cold`, [mostBytes]);
  const figure = (name: string): number => Number(row?.[name] ?? 0);
  return {
    packs: figure('packs'), segments: figure('segments'), liveBytes: figure('live'), otherBytes: figure('packBytes') - figure('live'),
    rawBytesBefore: figure('rawBefore'), rawBytesNow: figure('rawNow'), loose: figure('loose'), looseBytes: figure('looseBytes'),
  };
}
