import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDeviceKey, publicKeyOf } from '@oort/kernel-identity';
import { openEnvelope, sealEnvelope } from '@oort/kernel-telemetry';
import { breaks, currentShapes, shapesOf } from './compatibility';
import { goldenOf, latestGolden } from './golden';
import { decodeReading, encodeReading } from './readings';
import { released } from './release';
import { topicNames, topics, type Readings, type Topic } from './topics';

const schema = (fields: string): ReturnType<typeof shapesOf> => shapesOf([`syntax = "proto3"; package p; enum E { A = 0; B = 1; } message M { ${fields} }`]);
const before = schema('string name = 1; repeated uint64 sizes = 2; E e = 3;');

describe('the telemetry schema', () => {
  it('is the released one, or one that reads it', () => {
    expect(breaks(released(), currentShapes())).toEqual([]);
    expect(released()).toEqual(currentShapes());
  });

  it.each<[string, string, readonly string[]]>([
    ['a field more', 'string name = 1; repeated uint64 sizes = 2; E e = 3; bytes more = 4;', []],
    ['a field less, reserved', 'reserved 2; reserved "sizes"; string name = 1; E e = 3;', []],
    ['a field less, free', 'string name = 1; E e = 3;', ['p.M: 2 (sizes) is gone and neither its number nor its name may be free: reserve both']],
    ['a field less, its name free', 'reserved 2; string name = 1; E e = 3;', ['p.M: 2 (sizes) is gone and neither its number nor its name may be free: reserve both']],
    ['another type', 'bytes name = 1; repeated uint64 sizes = 2; E e = 3;', ['p.M: 1 was string name and is bytes name']],
    ['once where it was often', 'string name = 1; uint64 sizes = 2; E e = 3;', ['p.M: 2 was repeated uint64 sizes and is uint64 sizes']],
    ['another number', 'string name = 4; repeated uint64 sizes = 2; E e = 3;', ['p.M: 1 (name) is gone and neither its number nor its name may be free: reserve both']],
    ['numbers that changed places', 'string name = 1; repeated uint64 sizes = 3; E e = 2;',
      ['p.M: 2 was repeated uint64 sizes and is E e', 'p.M: 3 was E e and is repeated uint64 sizes']],
  ])('is compared with the released one: %s', (_, fields, expected) => {
    expect(breaks(before, schema(fields))).toEqual(expected);
  });

  it('is compared with the released one: what is reserved stays so, messages and values stay', () => {
    expect(breaks(schema('reserved 9;'), schema(''))).toEqual(['p.M: [9,9] was reserved and is free']);
    expect(breaks(before, shapesOf(['syntax = "proto3"; package p; enum E { A = 0; C = 1; }']))).toEqual(['p.M is gone', 'p.E: 1 was B and is C']);
  });

  it.each(topicNames)('reads every golden sample of %s, and the latest has all fields', (topic) => {
    expect(latestGolden(topic)?.isComplete).toBe(true);
    for (const { hex, reading } of goldenOf(topic)) expect(decodeReading(topic, Buffer.from(hex, 'hex'))).toMatchObject(reading);
  });

  it.each(topicNames)('has in %s the fields that its type declares, and no others', (topic: Topic) => {
    const message = currentShapes().messages[`oort.telemetry.v1.${topics[topic].message}`];
    const fields = Object.values(message?.fields ?? {}).map(({ name }) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
    expect(fields.sort()).toEqual(Object.keys(topics[topic].sample).sort());
    const sample = topics[topic].sample as unknown as Readings[Topic];
    expect(decodeReading(topic, encodeReading(topic, sample))).toEqual(sample);
  });

  it('refuses bytes that are no reading', () => {
    expect(() => decodeReading('usage', Buffer.from('ff', 'hex'))).toThrow('a reading is no InferenceUsage');
  });

  it('opens the golden envelope, and seals it again to the byte', () => {
    const { privateKey, hex } = JSON.parse(readFileSync(join(__dirname, 'golden', 'envelope.v1.json'), 'utf8')) as { readonly privateKey: string; readonly hex: string };
    const publicKey = publicKeyOf(privateKey);
    const { readings, hash, ...place } = openEnvelope(Buffer.from(hex, 'hex'), publicKey);
    expect({ ...place, readings: readings.map((one) => decodeReading('usage', one)) }).toEqual({
      nodeId: 'node_golden', topic: 'usage', epoch: 1_767_225_600_000, epochReason: 'disk-lost', sequence: 7, previousHash: '5a'.repeat(32),
      sealedAtMs: 1_767_225_700_000, dropped: 3, readings: [topics.usage.sample, topics.usage.sample],
    });
    expect(sealEnvelope({ ...place, readings, key: { publicKey, privateKey } })).toEqual({ bytes: Buffer.from(hex, 'hex'), hash });
    expect(() => openEnvelope(Buffer.from(hex, 'hex'), newDeviceKey().publicKey)).toThrow('signature');
  });
});
