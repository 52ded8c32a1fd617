import { segmentRanges, type DataPath } from './data-path/data-path';
import { smallestBatch, type Pace } from './data-path/read-plain';
import { unwrapKey } from './data-path/sealing';
import { clientBegins } from './data-path/young-memory';
import type { StoredVersion } from './state';

/** What all readers of the process may have fetched ahead together. The kernel takes megabytes from a door before it shows that a
 *  reader is slow, so what one may have follows from how many there are, and not only from how it behaves. */
const aheadBytes = 16 * 1024 * 1024;
const largestBatch = 4 * 1024 * 1024;
/** A small object comes at once. */
const firstBatch = 1024 * 1024;
let readers = 0;

/** A batch is what its reader takes in so long: time for a few batches is what hides the way to the nodes. */
const batchMs = 100;

/** The plain bytes from `start` to `end` (exclusive) in batches, one ahead of whoever reads them. Batches grow with the reader's speed while
 *  few others read; those of a slow one stay small, and the next is not fetched before it is wanted. */
export async function* readObject(...given: Parameters<typeof readAhead>): AsyncGenerator<Buffer[]> {
  readers += 1;
  const ends = clientBegins();
  try {
    yield* readAhead(...given);
  } finally {
    readers -= 1;
    ends();
  }
}

/** So much of what is wanted as is this reader's share of what all may hold. */
function within(wanted: number): number {
  return Math.max(smallestBatch, Math.min(wanted, largestBatch, aheadBytes / (2 * readers)));
}

async function* readAhead(
  dataPath: DataPath, version: Pick<StoredVersion, 'segments' | 'wrappedKey' | 'accountId' | 'sizeBytes'>, accountKey: Uint8Array,
  start = 0, end = version.sizeBytes,
): AsyncGenerator<Buffer[]> {
  const objectKey = unwrapKey(version.wrappedKey, accountKey);
  const pace: Pace = { batchBytes: within(firstBatch) };
  async function* batches(): AsyncGenerator<Buffer[]> {
    for (const range of segmentRanges(version.segments, start, end)) yield* dataPath.read(range, objectKey, version.accountId, pace);
  }
  const all = batches();
  let coming: ReturnType<typeof all.next> | null = null;
  for (;;) {
    const { value, done } = await (coming ?? all.next());
    if (done === true) return;
    coming = pace.batchBytes > smallestBatch ? all.next() : null;
    // Whoever reads may leave before this one is due.
    coming?.catch(() => undefined);
    const givenAt = performance.now();
    const bytes = value.reduce((sum, { length }) => sum + length, 0);
    yield value;
    pace.batchBytes = within(Math.min(pace.batchBytes * 2, (bytes * batchMs) / Math.max(1, performance.now() - givenAt)));
  }
}
