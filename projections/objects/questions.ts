import { In, IsNull, LessThanOrEqual, MoreThan, Not } from 'typeorm';
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

export function bucketsWithLifecycle({ database }: Models): Promise<readonly BucketRow[]> {
  return database.getRepository(BucketEntity).find({ where: { lifecycle: Not(IsNull()) }, order: { bucket: 'ASC' } });
}

/** Objects that were brought back from the archive for a while that is over. */
export function endedRestores({ database }: Models, now: string, limit: number): Promise<readonly ObjectRow[]> {
  return database.getRepository(ObjectEntity).find({ where: { restoredUntil: LessThanOrEqual(now) }, take: limit });
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

/** Of all versions, and of the parts of open uploads as they lie encrypted. Cost: a pass over the bucket's rows. */
export async function usageOf({ database }: Models, bucket: string): Promise<{ readonly bytes: number; readonly versions: number }> {
  const rows: { readonly bytes: string; readonly versions: number }[] = await database.query(
    `SELECT (COALESCE(sum("sizeBytes"), 0) + (SELECT COALESCE(sum(s."sizeBytes"), 0) FROM ${objectsSchema}.upload u
       JOIN ${objectsSchema}.segment s ON s."versionId" = u."uploadId" WHERE u.bucket = $1))::text AS bytes, count(*)::int AS versions
     FROM ${objectsSchema}.object WHERE bucket = $1 AND NOT marker`, [bucket]);
  return { bytes: Number(rows[0]?.bytes ?? 0), versions: rows[0]?.versions ?? 0 };
}

/** The same of all the account's buckets. */
export async function usageOfAccount({ database }: Models, accountId: string): Promise<{ readonly bytes: number; readonly versions: number }> {
  const rows: { readonly bytes: string; readonly versions: number }[] = await database.query(
    `SELECT (COALESCE(sum(o."sizeBytes"), 0) + (SELECT COALESCE(sum(s."sizeBytes"), 0) FROM ${objectsSchema}.bucket b
       JOIN ${objectsSchema}.upload u ON u.bucket = b.bucket JOIN ${objectsSchema}.segment s ON s."versionId" = u."uploadId" WHERE b."accountId" = $1))::text AS bytes,
       count(o."versionId")::int AS versions
     FROM ${objectsSchema}.bucket b JOIN ${objectsSchema}.object o ON o.bucket = b.bucket AND NOT o.marker WHERE b."accountId" = $1`, [accountId]);
  return { bytes: Number(rows[0]?.bytes ?? 0), versions: rows[0]?.versions ?? 0 };
}

/** The platform's id of the version without a name. */
export async function unnamedVersion({ database }: Models, bucket: string, key: string): Promise<string | null> {
  return (await database.getRepository(ObjectEntity).findOneBy({ bucket, key, named: false }))?.versionId ?? null;
}

export interface PlacedSegment extends SegmentRow { readonly pieces: readonly PieceRow[] }

export async function segmentsOf({ database }: Models, versionId: string): Promise<readonly PlacedSegment[]> {
  const segments = await database.getRepository(SegmentEntity).find({ where: { versionId }, order: { ordinal: 'ASC' } });
  return withPieces({ database }, segments.some(({ packId }) => packId !== null) ? await inPacks({ database }, segments) : segments);
}

/** Of what lies in a pack, the code and the pieces are the pack's. */
async function inPacks({ database }: Models, segments: readonly SegmentRow[]): Promise<readonly PlacedRow[]> {
  const packs: readonly (SegmentRow & { readonly pack: string })[] = await database.query(
    `SELECT s.*, p."packId" AS pack FROM ${objectsSchema}.pack p JOIN ${objectsSchema}.segment s ON s."segmentId" = p."segmentId" WHERE p."packId" = ANY($1)`,
    [segments.flatMap(({ packId }) => packId ?? [])]);
  return segments.map((segment) => {
    const pack = packs.find((candidate) => candidate.pack === segment.packId);
    return pack === undefined ? segment : { ...segment, k: pack.k, n: pack.n, stripeUnitBytes: pack.stripeUnitBytes, placedAs: pack.segmentId };
  });
}

type PlacedRow = SegmentRow & { readonly placedAs?: string };

async function withPieces({ database }: Models, segments: readonly PlacedRow[]): Promise<readonly PlacedSegment[]> {
  const lying = ({ segmentId, placedAs = segmentId }: PlacedRow): string => placedAs;
  const pieces = await database.getRepository(PieceEntity).find({ where: { segmentId: In(segments.map(lying)) }, order: { index: 'ASC' } });
  return segments.map((segment) => ({ ...segment, pieces: pieces.filter(({ segmentId }) => segmentId === lying(segment)) }));
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
     WHERE NOT s.cold AND s."packId" IS NULL
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
       WHERE NOT s.cold AND s."packId" IS NULL GROUP BY s."segmentId", s.k, s.n, s."sizeBytes") placed
     GROUP BY k, n, "nodeIds"`);
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}
