import { randomBytes } from 'node:crypto';
import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { certificateName, certificateStatement, checkCertificate, commitPiece, receiptStatement, type AvailabilityCertificate, type CertifiedObject, type CertifiedPiece } from './index';

const platform = newDeviceKey();

function piece(index: number, bytes = randomBytes(2000)): CertifiedPiece {
  const key = newDeviceKey();
  const receipt = { nodeId: `node_${index}`, pieceId: `piece_${index}`, ...commitPiece(bytes), sizeBytes: bytes.length };
  return { index, publicKey: key.publicKey, ...receipt, receipt: signWith(key, receiptStatement(receipt)) };
}

function object(pieces: readonly CertifiedPiece[]): CertifiedObject {
  const segments = [{ segmentId: 'segment_1', sizeBytes: 6000, k: 3, n: 6, stripeUnitBytes: 65_536, pieces }];
  return { bucket: 'b', key: 'k', versionId: 'object_1', sizeBytes: 5984, etag: 'e', sha256: 's', storedAt: '2026-01-01T00:00:00.000Z', certifiedAt: '2026-01-01T00:00:01.000Z', segments };
}

function certified(given: CertifiedObject, key = platform): AvailabilityCertificate {
  return { ...given, statement: certificateName, platformKey: key.publicKey, signature: signWith(key, certificateStatement(given, key.publicKey)) };
}

const pieces = [0, 1, 2, 3, 4].map((index) => piece(index));
const check = (certificate: object, key: string | null = platform.publicKey): unknown => checkCertificate(JSON.stringify(certificate), key);

it('says how many nodes may be lost', () => {
  expect(check(certified(object(pieces)))).toMatchObject({ ok: true, losses: 2 });
  expect(check(certified(object(pieces.slice(0, 3))), null)).toMatchObject({ ok: true, losses: 0 });
});

const [first] = pieces as [CertifiedPiece];
it.each<[string, object, string]>([
  ['nothing', {}, 'NO_CERTIFICATE'],
  ['another platform', certified(object(pieces), newDeviceKey()), 'OTHER_PLATFORM'],
  ['a changed key', { ...certified(object(pieces)), key: 'other' }, 'NOT_SIGNED'],
  ['too few receipts', certified(object(pieces.slice(0, 2))), 'RECEIPT_DOUBTED'],
  ['a receipt that is not the node\'s', certified(object([{ ...first, publicKey: newDeviceKey().publicKey }, ...pieces.slice(1)])), 'RECEIPT_DOUBTED'],
  ['a receipt for another root', certified(object([{ ...first, root: '00'.repeat(32) }, ...pieces.slice(1)])), 'RECEIPT_DOUBTED'],
  ['a node twice', certified(object([...pieces.slice(0, 4), { ...first, index: 5 }])), 'RECEIPT_DOUBTED'],
  ['pieces that are too short', certified(object([0, 1, 2, 3, 4].map((index) => piece(index, randomBytes(1999))))), 'RECEIPT_DOUBTED'],
  ['no segments', certified({ ...object(pieces), segments: [] }), 'NO_SEGMENTS'],
])('refuses %s', (_, certificate, refused) => {
  expect(check(certificate)).toMatchObject({ ok: false, refused });
});
