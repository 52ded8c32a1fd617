import type { StorageNode } from './port';
import { betterPlace } from './rebalance';

const node = (nodeId: string, operator = nodeId, network = nodeId): StorageNode => ({
  nodeId, kind: 'super', operator, region: 'local', network, endpoint: 'http://127.0.0.1:1', publicKey: '', online: true, trust: 0.9,
});
const code = { k: 3, n: 6 };
const [a, b, c, d] = [node('a'), node('b'), node('c'), node('d')];

it.each([
  ['stays on a node among equals', { holder: a, others: [b, c], candidates: [a, b, c, d], held: { a: 100, d: 90 } }, null],
  ['moves away from another piece of the operator', { holder: node('a2', 'b'), others: [b, c], candidates: [d], held: {} }, 'd'],
  ['moves away from another piece of the network', { holder: node('a2', 'x', 'b'), others: [b, c], candidates: [d], held: {} }, 'd'],
  ['moves to a node that is new', { holder: a, others: [b, c], candidates: [d], held: { a: 100, d: 0 } }, 'd'],
  ['does not move to the new node of an operator that is there already', { holder: a, others: [b, c], candidates: [node('b2', 'b')], held: { a: 100 } }, null],
  ['does not move where little is', { holder: a, others: [b, c], candidates: [d], held: { a: 5, d: 0 } }, null],
  ['chooses the emptier of two places', { holder: a, others: [b], candidates: [c, d], held: { a: 100, c: 40, d: 30 } }, 'd'],
] as const)('%s', (_, { holder, others, candidates, held }, expected) => {
  expect(betterPlace({ holder, others, code }, candidates, new Map(Object.entries(held)))?.nodeId ?? null).toBe(expected);
});
