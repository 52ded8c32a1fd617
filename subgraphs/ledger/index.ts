// The platform's hand on the chain: calls that are recorded before they are sent, logs that come back as events,
// and the root of the event log anchored every few seconds.
export { callsFlow } from './flow';
export { LogDiverged, openProofs, type EventProof, type LogProofs, type ProvenEvents } from './merkle-reader';
export { createLedgerSubgraph, type LedgerPorts, type LedgerSubgraph } from './subgraph';
