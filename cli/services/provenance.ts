// The provenance subgraph as a process of its own. It reads the Merkle log itself, as the ledger does, so that a proof needs no call.
import { runSubgraph } from '@oort/kernel-service';
import { createProvenanceSubgraph, provenanceProjection } from '@oort/projections-provenance';
import { eventPrivacy, upcasters } from '@oort/schema';
import { openProofs } from '@oort/subgraphs-ledger';

runSubgraph({
  name: 'provenance', projections: [provenanceProjection], sealing: eventPrivacy, upcasters,
  open: async ({ readModels, rawStore }, _settings, signal) => createProvenanceSubgraph({ readModels, proofs: await openProofs(rawStore, signal) }),
});
