/** Bytes by their content id: CIDv1, raw codec, SHA-256, base32. */
export interface ContentStore {
  /** Resolves with the content id after the bytes are durable. */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws ContentMissing, or ContentCorrupt when the bytes do not hash to the id. */
  get(contentId: string): Promise<Buffer>;
  has(contentId: string): Promise<boolean>;
}
