import { newDeviceKey, signWith } from '@oort/kernel-identity';
import { jobSpecId } from '@oort/schema/job-spec';
import { packetStatement } from '@oort/schema/statements';
import { readPacket } from './work-packet';

const [platform, stranger] = [newDeviceKey(), newDeviceKey()];
const spec = { program: { language: 'quickjs' }, deadline: '2026-01-02T00:00:00Z' };
const packet = { jobId: 'job_1', attempt: 1, fencingToken: 1, nodeId: 'node_1', specHash: jobSpecId(spec), deadline: spec.deadline };
const statement = packetStatement(packet);
const signed = { statement, signature: signWith(platform, statement) };
const by = { platformPublicKey: platform.publicKey, nodeId: 'node_1', now: new Date('2026-01-01T00:00:00Z') };

describe('a work packet', () => {
  it('is checked without a network', () => { expect(readPacket(signed, spec, by)).toMatchObject(packet); });

  it.each([
    ['a stranger\'s', { ...signed, signature: signWith(stranger, statement) }, spec, by],
    ['another node\'s', signed, spec, { ...by, nodeId: 'node_2' }],
    ['another job\'s', signed, { ...spec, more: true }, by],
    ['too old', signed, spec, { ...by, now: new Date('2026-01-02T00:00:00Z') }],
    ['something else that the platform signed', { statement: '{}', signature: signWith(platform, '{}') }, spec, by],
  ])('is refused when it is %s', (_, given, asked, reader) => {
    expect(() => readPacket(given, asked, reader)).toThrow(expect.objectContaining({ code: 'PACKET_REFUSED' }));
  });
});
