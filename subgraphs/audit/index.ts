// Proof of Honesty: tasks whose answers are known slip among the real ones, and what nodes answer decides whom to trust.
export { batchRoot, commitmentLeaf } from './commitment';
export { batchDecider, monitorDecider, recordDecider } from './decide';
export { withoutJuryBasisPoints } from './jury';
export { wholeBasisPoints } from './state';
export { batchFlow, monitorFlow, phantomFlow, recordFlow } from './flow';
export { augment } from './augment';
export { createOfficer, type Officer, type OfficerPorts } from './officer';
export { officerFaultFrom, type OfficerFault } from './officer-fault';
export { onnxReferee, RefereeFault, type Referee } from './referee';
export { createAuditSubgraph, type AuditPorts } from './subgraph';
