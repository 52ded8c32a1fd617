// What is stored, where each piece of it lies, and what is missing?
export { BucketEntity, ObjectEntity, PieceEntity, SegmentEntity, UploadEntity, type BucketRow, type ObjectRow, type PieceRow, type SegmentRow, type UploadRow } from './entities';
export { objectsProjection } from './projection';
export {
  bucketsOf, countObjects, findBucket, findObject, findObjectVersion, listObjects, listVersions, ownedPieceIds, ownerOfSegment, pieceCounts, placementGroups, piecesNamed, piecesOnNode, segmentsOf, unnamedVersion, uploadsOf, weakSegments,
  type Listing, type ListingEntry, type PieceOnNode, type PlacementGroup, type PlacedSegment, type SegmentOwner, type VersionListing, type WeakSegment,
} from './questions';
