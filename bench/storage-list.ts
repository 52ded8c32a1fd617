// A page of a listing from a bucket of a million objects, beside one of ten thousand: an index is walked, so the bucket's size must
// not matter. Rows are written straight into the catalogue's tables; the questions are the S3 door's own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from '@oort/kernel-eventstore';
import { openReadModels, startPostgres, type OpenReadModels } from '@oort/kernel-projection';
import { listObjects, objectsProjection } from '@oort/projections-objects';
import { figure, type Figure } from './figure';
import { rate } from './rate';

const few = 10_000;
const many = 1_000_000;
const page = 1000;

export async function listingFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-list-'));
  const postgres = await startPostgres({ directory: join(directory, 'postgres') });
  const stop = new AbortController();
  try {
    const readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store: memoryStore() });
    await readModels.start(stop.signal);
    await fill(readModels, 'few', few);
    await fill(readModels, 'many', many);
    await readModels.database.query('ANALYZE');
    const figures = await Promise.all([{ delimiter: '', name: 'flat' }, { delimiter: '/', name: 'folders' }].map(async ({ delimiter, name }) => {
      const [small, large] = [await speed(readModels, 'few', few, delimiter), await speed(readModels, 'many', many, delimiter)];
      return figure({ name: `a page of ${page} of a listing of 10^6 objects, ${name}`, unit: 'pages/s', better: 'higher', ours: large,
        peer: { name: '10^4 objects', value: small }, aim: { kind: 'ratio', value: 0.8 } });
    }));
    stop.abort();
    await readModels.close();
    return figures;
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Keys of a hundred folders, in which they lie evenly. */
async function fill({ database }: OpenReadModels, bucket: string, count: number): Promise<void> {
  await database.query(
    `INSERT INTO objects.object ("versionId", bucket, key, "accountId", "sizeBytes", etag, sha256, "contentId", "contentType", "storageClass", "storedAt",
       named, marker, latest, position)
     SELECT $1 || n, $1, 'folder-' || lpad((n % 100)::text, 3, '0') || '/object-' || lpad(n::text, 9, '0'), 'account', 1024, md5(n::text), md5(n::text), '',
       'application/octet-stream', 'STANDARD', '2026-01-01T00:00:00.000Z', false, false, true, n FROM generate_series(1, $2::int) n`, [bucket, count]);
}

/** From places all over the bucket. */
async function speed(readModels: OpenReadModels, bucket: string, count: number, delimiter: string): Promise<number> {
  let asked = 0;
  return rate(2, async () => {
    asked += 1;
    const after = delimiter === '' ? `folder-${String((asked * 37) % 90).padStart(3, '0')}/object-${String((asked * 7919) % count).padStart(9, '0')}` : '';
    const { entries } = await listObjects(readModels, { bucket, prefix: '', delimiter, after, limit: page });
    if (entries.length === 0) throw new RangeError(`nothing after ${after}`);
    return 1;
  });
}
