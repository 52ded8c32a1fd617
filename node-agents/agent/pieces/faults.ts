import { Fault } from '@oort/kernel-wire';

export class PieceConflict extends Fault {
  constructor(pieceId: string) { super('PIECE_CONFLICT', `other bytes lie under ${pieceId}`, { pieceId }); }
}

export class PieceStoreFull extends Fault {
  constructor(directory: string) { super('PIECE_STORE_FULL', `no space is left in ${directory}`, { directory }); }
}

/** True for the errors by which a file system says that it takes no more. */
export function isFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** `ENOENT` and the like. By shape and not by class: an error may come from another realm. */
export function systemCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
}
