import fc from 'fast-check';
import { newDeviceKey } from '@oort/kernel-identity';
import { batchBytes, claimOf, envelopesIn, largestEnvelopeBytes, openEnvelope, sealEnvelope, type EnvelopeToSeal, type SealedEnvelope } from './index';

const key = newDeviceKey();
const asked: EnvelopeToSeal = {
  nodeId: 'node_1', key, topic: 'heartbeats', epoch: 1_767_225_600_000, epochReason: 'first', sequence: 0, previousHash: null,
  sealedAtMs: 1_767_225_601_000, readings: [Buffer.from('one'), Buffer.alloc(0)],
};
const first = sealEnvelope(asked);
const rejection = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Error && 'rejection' in error ? String(error.rejection) : String(error);
  }
  return 'taken';
};
const open = ({ bytes }: SealedEnvelope): string => rejection(() => openEnvelope(bytes, key.publicKey));

describe('an envelope', () => {
  it('opens with its sender\'s key to what was sealed', () => {
    fc.assert(fc.property(fc.record({
      sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), epoch: fc.nat(), sealedAtMs: fc.nat(), dropped: fc.nat(),
      readings: fc.array(fc.uint8Array()), nodeId: fc.string({ minLength: 1, maxLength: 50 }), topic: fc.string({ minLength: 1, maxLength: 50 }),
      previousHash: fc.constant(first.hash), epochReason: fc.constantFrom('first' as const, 'disk-lost' as const),
    }), (fields) => {
      const { bytes, hash } = sealEnvelope({ ...fields, key });
      const opened = openEnvelope(bytes, key.publicKey);
      expect({ ...opened, readings: opened.readings.map((one) => Buffer.from(one)) }).toEqual({ ...fields, hash, readings: fields.readings.map((one) => Buffer.from(one)) });
      expect(claimOf(bytes)).toMatchObject({ nodeId: fields.nodeId, topic: fields.topic });
    }), { numRuns: 50 });
  });

  it('is the same to the byte when it is sealed again', () => {
    expect(sealEnvelope(asked)).toEqual(first);
  });

  it('changed anywhere, it is refused and never opens to something else', () => {
    for (let place = 0; place < first.bytes.length; place += 1) {
      const bytes = Buffer.from(first.bytes);
      bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
      expect(['signature', 'malformed']).toContain(rejection(() => openEnvelope(bytes, key.publicKey)));
    }
  });

  it.each<[string, () => string, string]>([
    ['signed by another', () => rejection(() => openEnvelope(first.bytes, newDeviceKey().publicKey)), 'signature'],
    ['noise', () => rejection(() => openEnvelope(Buffer.from('noise'), key.publicKey)), 'malformed'],
    ['nothing', () => rejection(() => claimOf(Buffer.alloc(0))), 'malformed'],
    ['without a node', () => open(sealEnvelope({ ...asked, nodeId: '' })), 'malformed'],
    ['with a name that is too long', () => open(sealEnvelope({ ...asked, topic: 't'.repeat(201) })), 'malformed'],
    ['a first one that follows something', () => open(sealEnvelope({ ...asked, previousHash: first.hash })), 'malformed'],
    ['a second one that follows nothing', () => open(sealEnvelope({ ...asked, sequence: 1 })), 'malformed'],
    ['with half a hash', () => open(sealEnvelope({ ...asked, sequence: 1, previousHash: 'abcd' })), 'malformed'],
    ['too large to be sealed', () => rejection(() => sealEnvelope({ ...asked, readings: [Buffer.alloc(largestEnvelopeBytes)] })), 'oversized'],
    ['too large to be opened', () => rejection(() => claimOf(Buffer.alloc(largestEnvelopeBytes + 1))), 'oversized'],
  ])('is refused: %s', (_, work, expected) => {
    expect(work()).toBe(expected);
  });

  it('travels in batches', () => {
    expect(envelopesIn(batchBytes([first.bytes, Buffer.from('x')]))).toEqual([first.bytes, Buffer.from('x')]);
    expect(rejection(() => envelopesIn(Buffer.from('{}')))).toBe('malformed');
  });
});
