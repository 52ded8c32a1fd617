/** Where a node keeps pieces: its disk, a cold store, or a bucket of its operator. */
export interface PieceStore {
  /** Resolves once the bytes survive a power cut. Throws PieceConflict when other bytes lie under the id, PieceStoreFull. */
  put(pieceId: string, bytes: Buffer): Promise<void>;
  /** Null when there is no such piece. */
  get(pieceId: string): Promise<Buffer | null>;
  /** Resolves for a piece that is not there too, so that it can be sent again. */
  delete(pieceId: string): Promise<void>;
  list(): Promise<readonly StoredPiece[]>;
  close(): Promise<void>;
}

export interface StoredPiece { readonly pieceId: string; readonly sizeBytes: number }
