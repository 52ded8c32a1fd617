// The availability certificate: for every piece of an object the receipt by which its node signed that the bytes are flushed, and the
// platform's word that these pieces are the object. Whoever holds it can check it without the platform, the nodes or a network.
import { pieceLength } from '@oort/algorithms-erasure';
import { verifySignature } from '@oort/kernel-identity';
import { canonicalJson, type Json } from '@oort/kernel-wire';
import { leafBytesOf } from './commitment';
import { doubtInPlace, type PackPlace } from './pack-place';
import { receiptStatement } from './statements';

export const certificateName = 'oort/availability/1';

export type CertifiedPiece = {
  readonly index: number; readonly nodeId: string;
  /** The node's Ed25519 key, hex, that its receipt is checked with. */
  readonly publicKey: string;
  readonly pieceId: string; readonly root: string; readonly leaves: number; readonly sizeBytes: number; readonly receipt: string;
};

export type CertifiedSegment = {
  readonly segmentId: string; readonly sizeBytes: number; readonly k: number; readonly n: number; readonly stripeUnitBytes: number; readonly pieces: readonly CertifiedPiece[];
  /** Of a small object: the segment is a pack, and this is where in it the object's own segment lies. */
  readonly packed?: PackPlace;
};

export type CertifiedObject = {
  readonly bucket: string; readonly key: string; readonly versionId: string; readonly sizeBytes: number;
  /** As S3 shows them. */
  readonly etag: string; readonly sha256: string;
  /** RFC 3339. */
  readonly storedAt: string; readonly certifiedAt: string;
  readonly segments: readonly CertifiedSegment[];
};

export type AvailabilityCertificate = CertifiedObject & {
  readonly statement: typeof certificateName;
  /** Ed25519, hex: the platform's key that nodes obey, and its signature over all the rest. */
  readonly platformKey: string;
  readonly signature: string;
};

/** What the platform signs: canonical JSON (RFC 8785) of everything but the signature. */
export function certificateStatement(object: CertifiedObject, platformKey: string): Buffer {
  return Buffer.from(canonicalJson({ ...object, statement: certificateName, platformKey }));
}

export type CheckedCertificate =
  | { readonly ok: true; readonly certificate: AvailabilityCertificate; /** Nodes that may lose their pieces for good, and the object is still there. */ readonly losses: number }
  | { readonly ok: false; readonly refused: string; readonly detail: string };

/** `platformKey`: whose word it must be; without one it is whose it says. */
export function checkCertificate(text: string, platformKey: string | null = null): CheckedCertificate {
  const certificate = parsed(text);
  if (certificate === null) return refused('NO_CERTIFICATE', 'this is no availability certificate');
  const { signature, statement: _, platformKey: signer, ...object } = certificate;
  if (platformKey !== null && platformKey.toLowerCase() !== signer.toLowerCase()) return refused('OTHER_PLATFORM', `it is signed by ${signer}`);
  if (!verifySignature(signer, certificateStatement(object, signer), signature)) return refused('NOT_SIGNED', 'the platform did not sign this');
  let losses = Infinity;
  for (const segment of object.segments) {
    const doubt = doubtIn(segment) ?? (segment.packed === undefined ? null : doubtInPlace(segment.packed, segment));
    if (doubt !== null) return refused('RECEIPT_DOUBTED', `${segment.segmentId}: ${doubt}`);
    losses = Math.min(losses, segment.pieces.length - segment.k);
  }
  return Number.isFinite(losses) ? { ok: true, certificate, losses } : refused('NO_SEGMENTS', 'it speaks of no bytes');
}

/** Null when at least k nodes have signed for pieces that fit. */
function doubtIn({ sizeBytes, k, n, stripeUnitBytes, pieces }: CertifiedSegment): string | null {
  if (![sizeBytes, k, n, stripeUnitBytes].every((value) => Number.isSafeInteger(value) && value > 0) || k > n) return 'its code is none';
  const length = pieceLength(sizeBytes, { k, n }, stripeUnitBytes);
  for (const piece of pieces) {
    if (!Number.isSafeInteger(piece.index) || piece.index < 0 || piece.index >= n) return `piece ${piece.index} is none of ${n}`;
    if (piece.sizeBytes !== length) return `piece ${piece.index} has ${piece.sizeBytes} bytes and not ${length}`;
    if (piece.leaves !== Math.max(1, Math.ceil(length / leafBytesOf(length, piece.leaves)))) return `piece ${piece.index} cannot have ${piece.leaves} leaves`;
    if (!verifySignature(piece.publicKey, receiptStatement(piece), piece.receipt)) return `${piece.nodeId} did not sign for piece ${piece.index}`;
  }
  const distinct = (of: (piece: CertifiedPiece) => unknown): boolean => new Set(pieces.map(of)).size === pieces.length;
  if (!distinct(({ index }) => index) || !distinct(({ nodeId }) => nodeId) || !distinct(({ publicKey }) => publicKey)) return 'a node or a piece is there twice';
  return pieces.length < k ? `${pieces.length} receipts, and ${k} pieces are needed` : null;
}

function refused(code: string, detail: string): CheckedCertificate { return { ok: false, refused: code, detail }; }

function parsed(text: string): AvailabilityCertificate | null {
  try {
    const value = JSON.parse(text) as Json;
    return hasShape(value) ? value : null;
  } catch {
    return null;
  }
}

function hasShape(value: Json): value is Json & AvailabilityCertificate {
  if (!isRecord(value) || value['statement'] !== certificateName) return false;
  const { segments } = value;
  return areStrings(value, ['bucket', 'key', 'versionId', 'etag', 'sha256', 'storedAt', 'certifiedAt', 'platformKey', 'signature']) && areNumbers(value, ['sizeBytes'])
    && Array.isArray(segments) && segments.every((segment) => isRecord(segment)
      && (segment['packed'] === undefined || isPlace(segment['packed'])) && areStrings(segment, ['segmentId']) && areNumbers(segment, ['sizeBytes', 'k', 'n', 'stripeUnitBytes']) && Array.isArray(segment['pieces'])
      && segment['pieces'].every((piece: Json) => isRecord(piece)
        && areStrings(piece, ['nodeId', 'publicKey', 'pieceId', 'root', 'receipt']) && areNumbers(piece, ['index', 'leaves', 'sizeBytes'])));
}

function isPlace(place: Json): boolean {
  return isRecord(place) && areStrings(place, ['segmentId', 'sha256']) && ['offset', 'sizeBytes', 'ordinal'].every((name) => Number.isSafeInteger(place[name]) && Number(place[name]) >= 0)
    && Array.isArray(place['proofs']) && place['proofs'].every((one: Json) => isRecord(one) && areNumbers(one, ['piece']) && isRecord(one['proof'] ?? null)
      && isProof(one['proof'] as Readonly<Record<string, Json>>));
}

function isProof(proof: Readonly<Record<string, Json>>): boolean {
  return areNumbers(proof, ['index']) && areStrings(proof, ['leaf']) && Array.isArray(proof['path']) && proof['path'].every((hash) => typeof hash === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, Json>> { return typeof value === 'object' && value !== null && !Array.isArray(value); }

function areStrings(value: Readonly<Record<string, Json>>, names: readonly string[]): boolean { return names.every((name) => typeof value[name] === 'string'); }

function areNumbers(value: Readonly<Record<string, Json>>, names: readonly string[]): boolean { return names.every((name) => typeof value[name] === 'number'); }
