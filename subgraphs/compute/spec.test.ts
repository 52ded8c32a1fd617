import { Ajv2020 } from 'ajv/dist/2020';
import { canonicalJson, sha256Hex, type Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import { jobSpecId, jobSpecSchema, termsOf } from '@oort/schema/job-spec';
import { demandOf, lineOf } from './demand';
import { priceOf, quoteMicroUsd } from './pricing';
import { problemOf } from './spec';

const content = `b${'a'.repeat(58)}`;
const inference = { modelContentId: content, input: [[1, 2]] };
const program = { program: { language: 'wasm', contentId: content } };
const container = { imageContentId: content };

const accepted: readonly (readonly [JobKind, Json])[] = [
  ['inference', inference],
  ['inference', { ...inference, version: 1, class: 'reserved', deadline: '2026-12-01T00:00:00Z', network: 'none', sandbox: 'oci' }],
  ['inference', { ...inference, resources: { cores: 2, memoryMb: 512, gpu: true }, constraints: { regions: ['eu'], minimumTrust: 0.5, bidBasisPoints: 12_000 } }],
  ['inference', { modelContentId: content, feeds: [{ name: 'sr', type: 'int64', dims: [], values: [16000] }, { name: 'input', type: 'float32', dims: [1, 2], values: [0, 1] }] }],
  ['inference', { modelContentId: content, feedsContentId: content }],
  ['preprocess', { contentId: content, mediaType: 'image/png' }],
  ['preprocess', { program: { language: 'quickjs', contentId: content, arguments: ['a'] }, inputs: [{ path: 'in.csv', contentId: content }], outputs: ['out/a.csv'] }],
  ['container', { ...container, command: ['/bin/run'], environment: { A: 'b' }, inputs: [{ path: 'a', contentId: content }], outputs: ['b'], resources: { timeLimitS: 60 } }],
];

const refused: readonly (readonly [JobKind, string, Json])[] = [
  ['inference', 'a network', { ...inference, network: 'host' }],
  ['inference', 'a class that nobody knows', { ...inference, class: 'best-effort' }],
  ['inference', 'a deadline that is no time', { ...inference, deadline: 'soon' }],
  ['inference', 'a resource that nobody knows', { ...inference, resources: { dogs: 2 } }],
  ['inference', 'a version that nobody knows', { ...inference, version: 2 }],
  ['inference', 'inputs of two kinds', { ...inference, feedsContentId: content }],
  ['inference', 'a feed without dims', { modelContentId: content, feeds: [{ name: 'input', type: 'float32', values: [0] }] }],
  ['preprocess', 'a language that nobody runs', { program: { language: 'perl', contentId: content } }],
  ['preprocess', 'an input that leaves its folder', { ...program, inputs: [{ path: '../a', contentId: content }] }],
  ['preprocess', 'an absolute output', { ...program, outputs: ['/etc/passwd'] }],
  ['container', 'an image that is no content id', { imageContentId: 'docker.io/alpine' }],
  ['container', 'a member that nobody knows', { ...container, privileged: true }],
];

describe('a job spec', () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(jobSpecSchema());
  const fits = (kind: JobKind, spec: Json): boolean => ajv.validate({ $ref: `${jobSpecSchema().$id}#/$defs/${kind}` }, spec);

  it.each(accepted)('of %s is accepted by us and by the published schema: %j', (kind, spec) => {
    expect(problemOf(kind, spec)).toBeNull();
    expect(fits(kind, spec)).toBe(true);
    expect(ajv.validate({ $ref: jobSpecSchema().$id }, spec)).toBe(true);
  });

  it.each(refused)('of %s with %s is refused by both, in words', (kind, _, spec) => {
    expect(problemOf(kind, spec)?.length).toBeGreaterThan(5);
    expect(fits(kind, spec)).toBe(false);
  });

  it('has the hash of its canonical form as its id, whatever the order of its members', () => {
    expect(jobSpecId({ b: 1, a: [2] })).toBe(jobSpecId({ a: [2], b: 1 }));
    expect(jobSpecId(inference)).toBe(sha256Hex(canonicalJson(inference)));
  });

  it('never lets foreign programs run without a wall', () => {
    expect(termsOf('inference', inference).sandbox).toBe('process');
    expect(termsOf('preprocess', { ...program, sandbox: 'process' }).sandbox).toBe('bubblewrap');
    expect(termsOf('container', container).sandbox).toBe('bubblewrap');
    expect(termsOf('container', { ...container, sandbox: 'oci' }).sandbox).toBe('oci');
  });

  it('stands in one line with those that want the same, the reserved in front', () => {
    const line = (spec: Json): string => lineOf(demandOf('inference', spec));
    expect(line(inference)).toBe(line({ ...inference, input: [[9, 9]] }));
    expect(line({ ...inference, class: 'reserved' }) < line(inference)).toBe(true);
    expect(line(inference) < line({ ...inference, class: 'interruptible' })).toBe(true);
  });

  it('is quoted at the dearest node that it bids for, rounded up', () => {
    expect(quoteMicroUsd('inference', inference)).toBe(20n);
    expect(quoteMicroUsd('inference', { ...inference, constraints: { bidBasisPoints: 12_501 } })).toBe(26n);
    expect(priceOf('inference', 3, 9_000)).toBe(54n);
    expect(quoteMicroUsd('container', { ...container, resources: { timeLimitS: 61 } })).toBe(100n);
  });
});
