// Erasure coding of stored segments: any k of n pieces give the bytes back.
export { codeFor, type Code, type CodePlan } from './code';
export { pieceLength, stripesOf, unitsAt, type Stripe, type UnitPart } from './stripes';
export { decodePieces, decodeStripes, encodePieces, encodeStripe, rebuildPieces, TooFewPieces } from './pieces';
