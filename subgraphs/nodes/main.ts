// The nodes subgraph as a process of its own; docs/OPERATIONS.md lists its environment.
import { runSubgraph } from '@oort/kernel-service';
import { nodesProjection } from '@oort/projections-nodes';
import { eventPrivacy, localParameters, upcasters } from '@oort/schema';
import { noContent } from '@oort/subgraphs-storage';
import { createNodesSubgraph } from './subgraph';

runSubgraph({
  name: 'nodes', projections: [nodesProjection], sealing: eventPrivacy, upcasters,
  open: (foundation, settings) => createNodesSubgraph({
    ...foundation, content: noContent, platformPublicKey: settings.publicKey('OORT_ORDER_PUBLIC_KEY_FILE'), offlineMs: localParameters.offlineMs, suspensionMs: localParameters.suspensionSeconds * 1000,
  }),
});
