/** Where a node keeps pieces: its disk, a cold store, or a bucket of its operator. */
export interface PieceStore {
  /** It keeps copies that may go at any time: nothing is promised of them, and each answer is signed. */
  readonly isCache?: true;
  /** Resolves once the bytes survive a power cut. Throws PieceConflict when other bytes lie under the id, PieceStoreFull. */
  put(pieceId: string, bytes: Bytes): Promise<void>;
  /** Null when there is no such piece. */
  get(pieceId: string): Promise<Buffer | null>;
  /** The bytes from `start` up to `end` (exclusive), fewer where the piece ends earlier. */
  read(pieceId: string, start: number, end: number): Promise<Buffer | null>;
  /** Resolves for a piece that is not there too, so that it can be sent again. */
  delete(pieceId: string): Promise<void>;
  list(): Promise<readonly StoredPiece[]>;
  close(): Promise<void>;
}

/** As they arrived: joining them would copy every byte once more. */
export type Bytes = Buffer | readonly Buffer[];

export interface StoredPiece { readonly pieceId: string; readonly sizeBytes: number }
