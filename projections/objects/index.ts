// What is stored, where each piece of it lies, and what is missing?
export { BucketEntity, ObjectEntity, PackEntity, PieceEntity, SegmentEntity, UploadEntity, type BucketRow, type ObjectRow, type PackRow, type PieceRow, type SegmentRow, type UploadRow } from './entities';
export { listObjects, listVersions, type Listing, type ListingEntry, type VersionListing } from './listing';
export { looseSegments, packingReport, segmentsInPack, thinPacks, unsealedPacks, type PackableSegment, type PackingReport, type PackUse } from './packs';
export { objectsProjection } from './projection';
export {
  bucketsOf, bucketsWithLifecycle, countObjects, endedRestores, findBucket, findObject, findObjectVersion, ownedPieceIds, ownerOfSegment, pieceCounts, placementGroups, piecesNamed, piecesOnNode, segmentsOf, unnamedVersion, uploadsOf, usageOf, usageOfAccount, weakSegments,
  type PieceOnNode, type PlacementGroup, type PlacedSegment, type SegmentOwner, type WeakSegment,
} from './questions';
