// What is stored, where each piece of it lies, and what is missing?
export { BucketEntity, ObjectEntity, PieceEntity, SegmentEntity, UploadEntity, type BucketRow, type ObjectRow, type PieceRow, type SegmentRow, type UploadRow } from './entities';
export { listObjects, listVersions, type Listing, type ListingEntry, type VersionListing } from './listing';
export { objectsProjection } from './projection';
export {
  bucketsOf, bucketsWithLifecycle, countObjects, endedRestores, findBucket, findObject, findObjectVersion, ownedPieceIds, ownerOfSegment, pieceCounts, placementGroups, piecesNamed, piecesOnNode, segmentsOf, unnamedVersion, uploadsOf, usageOf, weakSegments,
  type PieceOnNode, type PlacementGroup, type PlacedSegment, type SegmentOwner, type WeakSegment,
} from './questions';
