// What crosses a boundary: JSON in one canonical form, hashes, ids, faults and amounts. No I/O.
export { basisPointsOf } from './amount';
export { canonicalJson } from './canonical-json';
export { collect } from './collect';
export { codeOf, Fault, messageOf } from './fault';
export { sha256, sha256Hex } from './hash';
export { deriveId, newId, newUlid, uuidV5 } from './id';
export type { Json } from './json';
export { SpareMemory } from './spare-memory';
