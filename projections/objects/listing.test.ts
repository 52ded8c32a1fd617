// Listings against their definition, over every way that pages can fall.
import fc from 'fast-check';
import { memoryStore } from '@oort/kernel-eventstore';
import { openReadModels, testPostgres, type OpenReadModels, type TestDatabase } from '@oort/kernel-projection';
import { listObjects, listVersions, objectsProjection, type ListingEntry } from './index';

let postgres: TestDatabase;
let readModels: OpenReadModels;
let buckets = 0;

beforeAll(async () => {
  postgres = await testPostgres();
  readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store: memoryStore() });
  await readModels.start(new AbortController().signal);
});
afterAll(async () => {
  await readModels.close();
  await postgres.stop();
});

interface Put { readonly key: string; readonly versions: number; readonly hidden: boolean }

async function bucketOf(puts: readonly Put[]): Promise<string> {
  buckets += 1;
  const bucket = `bucket-${buckets}`;
  for (const { key, versions, hidden } of puts) {
    for (let version = 1; version <= versions; version += 1) {
      await readModels.database.query(
        `INSERT INTO objects.object ("versionId", bucket, key, "accountId", "sizeBytes", etag, sha256, "contentId", "contentType", "storageClass", "storedAt", named, marker, latest, position)
         VALUES ($1, $2, $3, '', 0, '', '', '', '', 'STANDARD', '', true, $4, $5, $6)`,
        [`${bucket}/${key}/${version}`, bucket, key, hidden && version === versions, version === versions, version]);
    }
  }
  return bucket;
}

const inBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const labelOf = (entry: ListingEntry): string => ('prefix' in entry ? `${entry.prefix} *` : entry.object.versionId.split('/').slice(1).join('/'));

function expected(puts: readonly Put[], prefix: string, delimiter: string, all: boolean): string[] {
  const labels: string[] = [];
  for (const { key, versions, hidden } of [...puts].sort((a, b) => inBytes(a.key, b.key))) {
    if (!key.startsWith(prefix) || (!all && hidden)) continue;
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (at !== -1) labels.push(`${key.slice(0, at + delimiter.length)} *`);
    else for (let version = versions; version >= (all ? 1 : versions); version -= 1) labels.push(`${key}/${version}`);
  }
  return [...new Set(labels)];
}

const keys = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', '/', '0', '.', 'ä', '\u{1F600}', '\u{10FFFF}'), minLength: 1, maxLength: 5 }), { maxLength: 14 });
const puts = keys.chain((all) => fc.tuple(...all.map((key) => fc.record({ key: fc.constant(key), versions: fc.integer({ min: 1, max: 3 }), hidden: fc.boolean() }))));
const asked = fc.record({ puts, prefix: fc.constantFrom('', 'a', 'a/', '/', 'ä', '\u{10FFFF}'), delimiter: fc.constantFrom('', '/', 'b', '//', '\u{1F600}'), limit: fc.integer({ min: 1, max: 4 }) });

it('pages together are the listing: keys once, common prefixes once, in the order of bytes', async () => {
  await fc.assert(fc.asyncProperty(asked, async ({ puts: given, prefix, delimiter, limit }) => {
    const bucket = await bucketOf(given);
    const seen: string[] = [];
    for (let after = '', more = true; more;) {
      const { entries, truncated, last } = await listObjects(readModels, { bucket, prefix, delimiter, after, limit });
      seen.push(...entries.map(labelOf));
      after = last ?? after;
      more = truncated;
    }
    expect(seen).toEqual(expected(given, prefix, delimiter, false));
  }), { numRuns: 60 });
});

it('and so are those of versions, newest first', async () => {
  await fc.assert(fc.asyncProperty(asked, async ({ puts: given, prefix, delimiter, limit }) => {
    const bucket = await bucketOf(given);
    const seen: string[] = [];
    for (let afterKey = '', afterVersion: string | null = null, more = true; more;) {
      const { entries, truncated } = await listVersions(readModels, { bucket, prefix, delimiter, afterKey, afterVersion, limit });
      seen.push(...entries.map(labelOf));
      const last = entries.at(-1);
      if (last !== undefined) [afterKey, afterVersion] = 'prefix' in last ? [last.prefix, null] : [last.object.key, last.object.versionId];
      more = truncated;
    }
    expect(seen).toEqual(expected(given, prefix, delimiter, true));
  }), { numRuns: 60 });
});
