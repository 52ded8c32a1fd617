// Possession: what a node commits to when it takes a piece, and how it proves later that it still has it.
export { commitBytes, commitPiece, leafBytes, leafBytesOf, LeafHasher, leafHashesOf, pieceLeaf, pieceLeafBytes, type PieceCommitment } from './commitment';
export {
  certificateName, certificateStatement, checkCertificate, type AvailabilityCertificate, type CertifiedObject, type CertifiedPiece, type CertifiedSegment, type CheckedCertificate,
} from './certificate';
export { challengeIndex, provePiece, verifyPieceProof, type PieceProof } from './challenge';
export {
  challengedLeaves, challengeSeed, inventoryStatement, InventoryTree, verifyInventoryAnswer, type Inventory, type InventoryAnswer, type InventoryPiece,
} from './inventory';
export {
  decodePackEntry, doubtInPlace, encodePackEntry, isPackable, leavesOfEntry, packEntryBytes, packEntryOffset, type PackEntry, type PackPlace, type ProvenPack, type WantedLeaf,
} from './pack-place';
export { openOrder, orderStatement, receiptStatement, settlementStatement, type Order, type OrderAction, type Receipt, type Settlement } from './statements';
export { courtAnswer, isSignedForCourt, type CourtAnswer, type CourtInventory, type SignedForCourt } from './court';
