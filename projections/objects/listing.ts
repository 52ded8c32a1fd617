// Listings of a bucket, a page at a time, in the order of the keys' UTF-8 bytes. The index on (bucket, key) is walked from where the
// page starts: a common prefix is one step, whatever lies under it, so a page costs the same in a bucket of any size.
import type { ReadModels } from '@oort/kernel-projection';
import { objectsSchema, type ObjectRow } from './entities';

type Models = Pick<ReadModels, 'database'>;

export type ListingEntry = { readonly prefix: string } | { readonly object: ObjectRow };

export interface Listing {
  /** Keys and common prefixes together, in the order of their bytes. */
  readonly entries: readonly ListingEntry[];
  readonly truncated: boolean;
  /** Of the last entry, to go on from. */
  readonly last: string | null;
}

export interface PageOfKeys { readonly bucket: string; readonly prefix: string; readonly delimiter: string; readonly after: string; readonly limit: number }

/** One page of a bucket. `after` is a key or a common prefix of the page before. */
export async function listObjects(models: Models, asked: PageOfKeys): Promise<Listing> {
  const { bucket, limit } = asked;
  const page = { ...asked, delimiter: usable(asked.delimiter) };
  const steps = await walk(models, { ...page, limit: limit + 1 }, 'shown', startAfter(page));
  const shown = steps.slice(0, limit);
  const keys = shown.filter(({ grouped }) => !grouped).map(({ entry }) => entry);
  const rows: readonly ObjectRow[] = keys.length === 0 ? [] : await models.database.query(
    `SELECT * FROM ${objectsSchema}.object WHERE bucket = $1 AND key = ANY($2::text[]) AND latest AND NOT marker`, [bucket, keys]);
  const objects = new Map(rows.map((row) => [row.key, row]));
  const entries = shown.flatMap(({ entry, grouped }): ListingEntry[] => {
    if (grouped) return [{ prefix: entry }];
    const object = objects.get(entry);
    return object === undefined ? [] : [{ object }];
  });
  return { entries, truncated: steps.length > limit, last: shown.at(-1)?.entry ?? null };
}

export interface VersionListing { readonly entries: readonly ListingEntry[]; readonly truncated: boolean }

export interface PageOfVersions {
  readonly bucket: string; readonly prefix: string; readonly delimiter: string; readonly afterKey: string;
  /** The platform's id. */
  readonly afterVersion: string | null; readonly limit: number;
}

/** One page of every version and delete marker: by key, the newest first. It goes on after a version of `afterKey`, or after all of
 *  them. */
export async function listVersions(models: Models, { bucket, prefix, delimiter, afterKey, afterVersion, limit }: PageOfVersions): Promise<VersionListing> {
  const page = { bucket, prefix, delimiter: usable(delimiter), after: afterKey, limit: limit + 1 };
  const steps = await walk(models, page, 'all', startAfter(page));
  const [rest, found] = await Promise.all([
    afterVersion === null ? [] : versionsBelow(models, bucket, afterKey, afterVersion, limit + 1),
    versionsOf(models, bucket, steps.filter(({ grouped }) => !grouped).map(({ entry }) => entry), limit + 1),
  ]);
  const byKey = new Map<string, ObjectRow[]>();
  for (const row of found) byKey.set(row.key, [...byKey.get(row.key) ?? [], row]);
  const entries: ListingEntry[] = [
    ...rest.map((object) => ({ object })),
    ...steps.flatMap(({ entry, grouped }): ListingEntry[] => (grouped ? [{ prefix: entry }] : (byKey.get(entry) ?? []).map((object) => ({ object })))),
  ];
  return { entries: entries.slice(0, limit), truncated: entries.length > limit };
}

function versionsBelow({ database }: Models, bucket: string, key: string, versionId: string, limit: number): Promise<ObjectRow[]> {
  return database.query(
    `SELECT * FROM ${objectsSchema}.object WHERE bucket = $1 AND key = $2
       AND position < (SELECT position FROM ${objectsSchema}.object WHERE "versionId" = $3 AND bucket = $1 AND key = $2)
     ORDER BY position DESC LIMIT $4`, [bucket, key, versionId, limit]);
}

/** The first so many, in the order of a listing. */
function versionsOf({ database }: Models, bucket: string, keys: readonly string[], limit: number): Promise<ObjectRow[]> {
  if (keys.length === 0) return Promise.resolve([]);
  return database.query(
    `SELECT * FROM ${objectsSchema}.object WHERE bucket = $1 AND key = ANY($2::text[]) ORDER BY key COLLATE "C", position DESC LIMIT $3`, [bucket, keys, limit]);
}

interface Step { readonly entry: string; readonly grouped: boolean }

/** Entries from `start` on. Every step of the recursion is one probe of the index. */
async function walk({ database }: Models, { bucket, prefix, delimiter, limit }: PageOfKeys, which: 'shown' | 'all', start: string): Promise<readonly Step[]> {
  const end = successorOf(prefix);
  const kept = which === 'shown' ? 'AND latest AND NOT marker' : '';
  const from = start < prefix ? prefix : start;
  const within = `($3::text IS NULL OR key < $3 COLLATE "C") ${kept}`;
  if (delimiter === '') {
    const rows: { readonly key: string }[] = await database.query(
      `SELECT ${which === 'all' ? 'DISTINCT' : ''} key FROM ${objectsSchema}.object
       WHERE bucket = $1 AND key >= $2::text COLLATE "C" AND ${within} ORDER BY key LIMIT $4`, [bucket, from, end, limit]);
    return rows.map(({ key }) => ({ entry: key, grouped: false }));
  }
  const rest = 'substr(key, length($5::text) + 1)';
  const entry = `CASE WHEN strpos(${rest}, $6) > 0 THEN substr(key, 1, length($5) + strpos(${rest}, $6) + length($6) - 1) ELSE key END AS entry, strpos(${rest}, $6) > 0 AS grouped`;
  const next = (place: string): string =>
    `SELECT ${entry} FROM ${objectsSchema}.object WHERE bucket = $1 AND key >= ${place} COLLATE "C" AND ${within} ORDER BY key LIMIT 1`;
  return database.query(
    `WITH RECURSIVE walk(entry, grouped, ordinal) AS (
       SELECT entry, grouped, 1 FROM (${next('$2::text')}) AS first
       UNION ALL
       SELECT following.entry, following.grouped, walk.ordinal + 1 FROM walk CROSS JOIN LATERAL (
         ${next(`(CASE WHEN walk.grouped THEN left(walk.entry, -length($6)) || $7::text ELSE walk.entry || chr(1) END)`)}
       ) AS following WHERE walk.ordinal < $4
     ) SELECT entry, grouped FROM walk ORDER BY ordinal`,
    [bucket, from, end, limit, prefix, delimiter, successorOf(delimiter)]);
}

/** The first key that may stand on the page. PostgreSQL's text has no U+0000, so nothing lies between a key and it with U+0001. */
function startAfter({ prefix, delimiter, after }: PageOfKeys): string {
  if (after === '') return '';
  const rest = after.startsWith(prefix) && delimiter !== '' ? after.slice(prefix.length) : '';
  const isCommonPrefix = rest !== '' && rest.indexOf(delimiter) === rest.length - delimiter.length && rest.endsWith(delimiter);
  return (isCommonPrefix ? successorOf(after) : null) ?? `${after}\u0001`;
}

/** After nothing but U+10FFFF comes no text, so such a delimiter, which no text has, groups nothing. */
function usable(delimiter: string): string { return successorOf(delimiter) === null ? '' : delimiter; }

/** The first text after all that start with this one, or null when there is none. UTF-8 orders by code point. */
function successorOf(text: string): string | null {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  // No character lies between U+D7FF and U+E000.
  return last === undefined ? null : String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}
