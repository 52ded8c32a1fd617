/** All of it in one buffer, or null where it is longer than `mostBytes`; the rest is then not read. */
export async function collect(chunks: AsyncIterable<Buffer>, mostBytes: number): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of chunks) {
    length += part.length;
    if (length > mostBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}
