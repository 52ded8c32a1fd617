import type { ColdCar, ColdDeposit, SegmentPlacement } from '@oort/schema/events/storage';
import type { PieceCommitmentV2 } from '../archive-formats/piece-commitment';

/** A sealed segment on its way into the archive. */
export interface SealedCar {
  readonly segmentId: string;
  /** CID of the root, as text. */
  readonly root: string;
  readonly bytes: Buffer;
  readonly commitment: PieceCommitmentV2;
  readonly pieceCid: string;
}

/** A segment as it lies in the archive; archives of before have no `car`. */
export interface ColdSegment { readonly placement: SegmentPlacement; readonly car: ColdCar | null }

export type Kept = { readonly placement: SegmentPlacement } | { readonly deposit: ColdDeposit };

export interface ArchiveBackend {
  /** Recorded with what it keeps. */
  readonly name: string;
  /** Resolves once the copy is durable. Asked again for the same, after a crash in between, it keeps it once. */
  keep(car: SealedCar, accountId: string): Promise<Kept>;
  /** After the last segment of an archive, for what is recorded elsewhere for many at once. */
  confirm?(deposits: readonly ColdDeposit[]): Promise<readonly ColdDeposit[]>;
  /** As it lies there, unchecked. Throws ArchiveCopyLost. */
  fetch(cold: ColdSegment, accountId: string): Promise<Buffer>;
  /** What cannot be removed stays sealed. */
  remove(cold: readonly ColdSegment[]): Promise<void>;
}

export function depositOf({ car }: ColdSegment, backend: string): ColdDeposit | null {
  return car?.deposits.find((deposit) => deposit.backend === backend) ?? null;
}
