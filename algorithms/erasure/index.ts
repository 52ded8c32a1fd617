// Erasure coding of stored segments: any k of n pieces give the bytes back.
export { codeFor, type Code, type CodePlan } from './code';
export { pieceLength, stripesOf, type Stripe } from './stripes';
export { decodePieces, decodeStripes, encodePieces, encodeStripe, rebuildPieces, TooFewPieces } from './pieces';
