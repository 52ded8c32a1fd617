// The compute subgraph as a process of its own; docs/OPERATIONS.md lists its environment.
import { runSubgraph } from '@oort/kernel-service';
import { jobsProjection } from '@oort/projections-jobs';
import { nodesProjection } from '@oort/projections-nodes';
import { eventPrivacy, upcasters } from '@oort/schema';
import { noContent } from '@oort/subgraphs-storage';
import { createComputeSubgraph } from './subgraph';

runSubgraph({
  name: 'compute', projections: [jobsProjection, nodesProjection], sealing: eventPrivacy, upcasters,
  open: (foundation, settings) => createComputeSubgraph({
    ...foundation, content: noContent, leaseTtlMs: 1000 * settings.whole('OORT_LEASE_SECONDS', 30), packetKey: settings.deviceKey('OORT_ORDER_KEY_FILE'),
  }),
});
