import { readFileSync } from 'node:fs';
import { readArchitecture } from './architecture';
import { initialWeights, inferenceModel } from './index';
import { requireSelfContained } from './self-contained';

type Bytes = readonly number[];
const varint = (value: number): Bytes => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]);
const bytes = (field: number, body: Bytes | string): Bytes => {
  const content = typeof body === 'string' ? [...Buffer.from(body)] : body;
  return [...varint(8 * field + 2), ...varint(content.length), ...content];
};
const number = (field: number, value: number): Bytes => [...varint(8 * field), ...varint(value)];
const external = [...number(1, 4), ...number(2, 2), ...bytes(8, 'w'), ...bytes(13, [...bytes(1, 'location'), ...bytes(2, '.ssh/id_ed25519')]), ...number(14, 1)];
const model = (...graph: Bytes[]): Uint8Array => Uint8Array.from([...number(1, 8), ...bytes(7, graph.flat())]);
const inAttribute = (field: number, body: Bytes): Bytes => bytes(1, bytes(5, [...bytes(1, 'value'), ...bytes(field, body)]));

it('a model of our own is all in one file', () => {
  const architecture = readArchitecture({ input: [2], labels: ['a', 'b'], layers: [{ kind: 'dense', units: 2 }] });
  expect(() => { requireSelfContained(inferenceModel(architecture, initialWeights(architecture, 1))); }).not.toThrow();
});

it.each([
  ['an initializer', model(bytes(5, external))],
  ['a sparse one', model(bytes(15, bytes(1, external)))],
  ['a constant', model(inAttribute(5, external))],
  ['a list of constants', model(inAttribute(10, external))],
  ['a branch of a branch', model(inAttribute(6, inAttribute(11, bytes(5, external))))],
  ['a function', Uint8Array.from([...number(1, 8), ...bytes(25, bytes(7, bytes(5, bytes(5, external))))])],
  ['a training graph', Uint8Array.from(bytes(20, bytes(2, bytes(5, external))))],
  ['a second graph, which adds to the first', Uint8Array.from([...model(bytes(2, 'g')), ...bytes(7, bytes(5, external))])],
  ['a tensor that only says that its data are elsewhere', model(bytes(5, number(14, 1)))],
])('data in another file are found in %s', (_, file) => {
  expect(() => { requireSelfContained(file); }).toThrow(expect.objectContaining({ code: 'MODEL_NOT_SELF_CONTAINED' }) as Error);
});

it.each([['text', Buffer.from('no model at all')], ['cut', model(bytes(5, external)).subarray(0, 20)], ['grouped', Uint8Array.from([0x3b, 0x3c])]])('what cannot be read is refused: %s', (_, file) => {
  expect(() => { requireSelfContained(file); }).toThrow(expect.objectContaining({ code: 'MODEL_UNREADABLE' }) as Error);
});

it('a tensor may say that its data are where they are', () => {
  expect(() => { requireSelfContained(model(bytes(5, [...number(14, 0), ...bytes(9, 'data')]))); }).not.toThrow();
  expect(() => { requireSelfContained(readFileSync(__filename)); }).toThrow('no ONNX model');
});
