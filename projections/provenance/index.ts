// Where did this come from, and what came of it? Answered from every domain's public events, each answer provable.
export { LinkEntity, StatementEntity, type LinkRow, type StatementRow } from './entities';
export { lineage, type Direction, type LineageStep } from './lineage';
export { provenanceProjection } from './projection';
export { provJson } from './prov-json';
export type { LogProofs, ProvenancePorts } from './resolvers';
export { createProvenanceSubgraph } from './subgraph';
