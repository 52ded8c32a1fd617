import { In, MoreThan } from 'typeorm';
import type { ReadModels } from '@oort/kernel-projection';
import {
  BucketEntity, ObjectEntity, objectsSchema, PieceEntity, SegmentEntity, UploadEntity,
  type BucketRow, type ObjectRow, type PieceRow, type SegmentRow, type UploadRow,
} from './entities';

type Models = Pick<ReadModels, 'database'>;

export function findBucket({ database }: Models, bucket: string): Promise<BucketRow | null> {
  return database.getRepository(BucketEntity).findOneBy({ bucket });
}

export function bucketsOf({ database }: Models, accountId: string, after = '', limit = 1000): Promise<readonly BucketRow[]> {
  return database.getRepository(BucketEntity).find({ where: { accountId, bucket: MoreThan(after) }, order: { bucket: 'ASC' }, take: limit });
}

export function findObject({ database }: Models, bucket: string, key: string): Promise<ObjectRow | null> {
  return database.getRepository(ObjectEntity).findOneBy({ bucket, key, latest: true, marker: false });
}

export function findObjectVersion({ database }: Models, versionId: string): Promise<ObjectRow | null> {
  return database.getRepository(ObjectEntity).findOneBy({ versionId, marker: false });
}

/** Versions and delete markers: what must be gone before a bucket can go. */
export function countObjects({ database }: Models, bucket: string): Promise<number> {
  return database.getRepository(ObjectEntity).countBy({ bucket });
}

export type ListingEntry = { readonly prefix: string } | { readonly object: ObjectRow };

export interface Listing {
  /** Keys and common prefixes together, in the order of their bytes. */
  readonly entries: readonly ListingEntry[];
  readonly truncated: boolean;
  /** Of the last entry, to go on from. */
  readonly last: string | null;
}

/** One page of a bucket. `after` is a key or a common prefix of the page before. Cost: a scan of what the prefix selects. */
export async function listObjects(
  { database }: Models,
  { bucket, prefix, delimiter, after, limit }: { readonly bucket: string; readonly prefix: string; readonly delimiter: string; readonly after: string; readonly limit: number },
): Promise<Listing> {
  const rows: { entry: string; grouped: boolean }[] = await database.query(
    `SELECT entry, bool_or(grouped) AS grouped FROM (
       SELECT CASE WHEN $3 <> '' AND strpos(substr(key, length($2) + 1), $3) > 0
                THEN substr(key, 1, length($2) + strpos(substr(key, length($2) + 1), $3) + length($3) - 1) ELSE key END AS entry,
              $3 <> '' AND strpos(substr(key, length($2) + 1), $3) > 0 AS grouped
       FROM ${objectsSchema}.object WHERE bucket = $1 AND latest AND NOT marker AND starts_with(key, $2) AND key > $4::text COLLATE "C"
     ) AS entries WHERE entry COLLATE "C" <> $4 GROUP BY entry ORDER BY entry COLLATE "C" LIMIT $5`,
    [bucket, prefix, delimiter, after, limit + 1]);
  const page = rows.slice(0, limit);
  const keys = page.filter(({ grouped }) => !grouped).map(({ entry }) => entry);
  const objects = new Map((await database.getRepository(ObjectEntity).findBy({ bucket, key: In(keys), latest: true, marker: false })).map((row) => [row.key, row]));
  const entries = page.flatMap(({ entry, grouped }): ListingEntry[] => {
    const object = objects.get(entry);
    if (grouped) return [{ prefix: entry }];
    return object === undefined ? [] : [{ object }];
  });
  return { entries, truncated: rows.length > limit, last: page.at(-1)?.entry ?? null };
}

export interface VersionListing { readonly entries: readonly ListingEntry[]; readonly truncated: boolean }

/** One page of every version and delete marker: by key, the newest first. It goes on after a version of `afterKey`, or after all of
 *  them. Cost: a scan of what the prefix selects. */
export async function listVersions(
  { database }: Models,
  { bucket, prefix, delimiter, afterKey, afterVersion, limit }: {
    readonly bucket: string; readonly prefix: string; readonly delimiter: string; readonly afterKey: string;
    /** The platform's id. */
    readonly afterVersion: string | null; readonly limit: number;
  },
): Promise<VersionListing> {
  const rows: { entry: string; versionId: string | null }[] = await database.query(
    `SELECT entry, "versionId" FROM (
       SELECT CASE WHEN $3 <> '' AND strpos(substr(key, length($2) + 1), $3) > 0
                THEN substr(key, 1, length($2) + strpos(substr(key, length($2) + 1), $3) + length($3) - 1) ELSE key END AS entry,
              CASE WHEN $3 <> '' AND strpos(substr(key, length($2) + 1), $3) > 0 THEN NULL ELSE "versionId" END AS "versionId", position
       FROM ${objectsSchema}.object WHERE bucket = $1 AND starts_with(key, $2) AND (key > $4::text COLLATE "C" OR (key = $4
         AND position < (SELECT position FROM ${objectsSchema}.object WHERE "versionId" = $5 AND bucket = $1 AND key = $4)))
     ) AS entries WHERE "versionId" IS NOT NULL OR entry COLLATE "C" <> $4
     GROUP BY entry, "versionId" ORDER BY entry COLLATE "C", max(position) DESC LIMIT $6`,
    [bucket, prefix, delimiter, afterKey, afterVersion, limit + 1]);
  const page = rows.slice(0, limit);
  const found = await database.getRepository(ObjectEntity).findBy({ versionId: In(page.flatMap(({ versionId }) => versionId ?? [])) });
  const objects = new Map(found.map((row) => [row.versionId, row]));
  const entries = page.flatMap(({ entry, versionId }): ListingEntry[] => {
    if (versionId === null) return [{ prefix: entry }];
    const object = objects.get(versionId);
    return object === undefined ? [] : [{ object }];
  });
  return { entries, truncated: rows.length > limit };
}

/** The platform's id of the version without a name. */
export async function unnamedVersion({ database }: Models, bucket: string, key: string): Promise<string | null> {
  return (await database.getRepository(ObjectEntity).findOneBy({ bucket, key, named: false }))?.versionId ?? null;
}

export interface PlacedSegment extends SegmentRow { readonly pieces: readonly PieceRow[] }

export async function segmentsOf({ database }: Models, versionId: string): Promise<readonly PlacedSegment[]> {
  const segments = await database.getRepository(SegmentEntity).find({ where: { versionId }, order: { ordinal: 'ASC' } });
  return withPieces({ database }, segments);
}

async function withPieces({ database }: Models, segments: readonly SegmentRow[]): Promise<readonly PlacedSegment[]> {
  const pieces = await database.getRepository(PieceEntity).find({ where: { segmentId: In(segments.map(({ segmentId }) => segmentId)) }, order: { index: 'ASC' } });
  return segments.map((segment) => ({ ...segment, pieces: pieces.filter(({ segmentId }) => segmentId === segment.segmentId) }));
}

export interface WeakSegment { readonly segmentId: string; readonly versionId: string; readonly bucket: string; readonly key: string; readonly healthy: number; readonly n: number }

/** Segments of objects with fewer than n pieces on these nodes, the weakest first; among equals chance decides, so that those that
 *  cannot be repaired yet do not stand before those that can. */
export function weakSegments({ database }: Models, onlineNodeIds: readonly string[], limit: number): Promise<readonly WeakSegment[]> {
  return database.query(
    `SELECT s."segmentId", s."versionId", o.bucket, o.key, s.n, count(p."pieceId")::int AS healthy
     FROM ${objectsSchema}.segment s
     JOIN ${objectsSchema}.object o ON o."versionId" = s."versionId"
     LEFT JOIN ${objectsSchema}.piece p ON p."segmentId" = s."segmentId" AND p."nodeId" = ANY($1)
     WHERE NOT s.cold
     GROUP BY s."segmentId", s."versionId", o.bucket, o.key, s.n, s.k
     HAVING count(p."pieceId") < s.n ORDER BY count(p."pieceId") - s.k, random() LIMIT $2`,
    [onlineNodeIds, limit]);
}

export interface PieceOnNode extends PieceRow { readonly versionId: string; readonly bucket: string; readonly key: string }

/** A random sample of what a node should hold of objects, for an audit. Hot pieces only. */
export function piecesOnNode({ database }: Models, nodeId: string, sample: number): Promise<readonly PieceOnNode[]> {
  return database.query(
    `SELECT p.*, o."versionId", o.bucket, o.key FROM ${objectsSchema}.piece p
     JOIN ${objectsSchema}.segment s ON s."segmentId" = p."segmentId" AND NOT s.cold
     JOIN ${objectsSchema}.object o ON o."versionId" = s."versionId"
     WHERE p."nodeId" = $1 ORDER BY random() LIMIT $2`, [nodeId, sample]);
}

/** How many hot pieces each node has. */
export async function pieceCounts({ database }: Models): Promise<ReadonlyMap<string, number>> {
  const rows: { readonly nodeId: string; readonly pieces: number }[] = await database.query(
    `SELECT p."nodeId", count(*)::int AS pieces FROM ${objectsSchema}.piece p
     JOIN ${objectsSchema}.segment s ON s."segmentId" = p."segmentId" AND NOT s.cold GROUP BY p."nodeId"`);
  return new Map(rows.map(({ nodeId, pieces }) => [nodeId, pieces]));
}

/** Those of these pieces that objects have on the node. Hot pieces only. */
export function piecesNamed({ database }: Models, nodeId: string, pieceIds: readonly string[]): Promise<readonly PieceOnNode[]> {
  return database.query(
    `SELECT p.*, o."versionId", o.bucket, o.key FROM ${objectsSchema}.piece p
     JOIN ${objectsSchema}.segment s ON s."segmentId" = p."segmentId" AND NOT s.cold
     JOIN ${objectsSchema}.object o ON o."versionId" = s."versionId"
     WHERE p."nodeId" = $1 AND p."pieceId" = ANY($2)`, [nodeId, pieceIds]);
}

/** Every piece that something in the catalogue owns on a node. */
export async function ownedPieceIds({ database }: Models, nodeId: string): Promise<ReadonlySet<string>> {
  const rows = await database.getRepository(PieceEntity).find({ where: { nodeId }, select: { segmentId: true, index: true, pieceId: true } });
  return new Set(rows.map(({ pieceId }) => pieceId));
}

export function uploadsOf({ database }: Models, bucket: string): Promise<readonly UploadRow[]> {
  return database.getRepository(UploadEntity).find({ where: { bucket }, order: { key: 'ASC', uploadId: 'ASC' } });
}

export interface SegmentOwner { readonly versionId: string; readonly bucket: string; readonly key: string }

export async function ownerOfSegment({ database }: Models, segmentId: string): Promise<SegmentOwner | null> {
  const rows: SegmentOwner[] = await database.query(
    `SELECT o."versionId", o.bucket, o.key FROM ${objectsSchema}.segment s
     JOIN ${objectsSchema}.object o ON o."versionId" = s."versionId" WHERE s."segmentId" = $1`, [segmentId]);
  return rows[0] ?? null;
}

/** Segments of one code whose pieces lie on the same nodes. */
export interface PlacementGroup { readonly k: number; readonly n: number; readonly nodeIds: readonly string[]; readonly segments: number; readonly bytes: number }

/** Where everything hot lies, for a computation of what could be lost. Cost: a pass over the catalogue. */
export async function placementGroups({ database }: Models): Promise<readonly PlacementGroup[]> {
  const rows: (Omit<PlacementGroup, 'bytes'> & { readonly bytes: string })[] = await database.query(
    `SELECT k, n, "nodeIds", count(*)::int AS segments, sum(bytes)::text AS bytes FROM (
       SELECT s.k, s.n, s."sizeBytes" AS bytes, array_remove(array_agg(p."nodeId" ORDER BY p."nodeId"), NULL) AS "nodeIds"
       FROM ${objectsSchema}.segment s LEFT JOIN ${objectsSchema}.piece p ON p."segmentId" = s."segmentId"
       WHERE NOT s.cold GROUP BY s."segmentId", s.k, s.n, s."sizeBytes") placed
     GROUP BY k, n, "nodeIds"`);
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}
