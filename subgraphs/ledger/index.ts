// The platform's hand on the chain: calls that are recorded before they are sent, logs that come back as events,
// and the root of the event log anchored every few seconds.
export { callsFlow } from './flow';
export { LogDiverged, type EventProof, type ProvenEvents } from './merkle-reader';
export { createLedgerSubgraph, type LedgerPorts, type LedgerSubgraph } from './subgraph';
