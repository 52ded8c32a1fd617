import { segmentRanges, type DataPath } from './data-path/data-path';
import { unwrapKey } from './data-path/sealing';
import type { StoredVersion } from './state';

/** The plain bytes from `start` to `end` (exclusive), one segment ahead of whoever reads them. */
export async function* readObject(
  dataPath: DataPath, version: Pick<StoredVersion, 'segments' | 'wrappedKey' | 'accountId' | 'sizeBytes'>, accountKey: Uint8Array,
  start = 0, end = version.sizeBytes,
): AsyncGenerator<Buffer> {
  const objectKey = unwrapKey(version.wrappedKey, accountKey);
  const ranges = segmentRanges(version.segments, start, end);
  const read = (index: number): Promise<Buffer> | null => {
    const range = ranges[index];
    if (range === undefined) return null;
    const bytes = dataPath.read(range.segment, objectKey, version.accountId, range.start, range.end);
    // Whoever reads may leave before this one is due.
    bytes.catch(() => undefined);
    return bytes;
  };
  let coming = read(0);
  for (let index = 0; coming !== null; index += 1) {
    const bytes = await coming;
    coming = read(index + 1);
    yield bytes;
  }
}
