// The datahub subgraph as a process of its own; docs/OPERATIONS.md lists its environment.
import { runSubgraph } from '@oort/kernel-service';
import { datasetsProjection } from '@oort/projections-datasets';
import { nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { eventPrivacy, upcasters } from '@oort/schema';
import { openStorageAccess } from '@oort/subgraphs-storage';
import { createDatahubSubgraph } from './subgraph';

runSubgraph({
  name: 'datahub', projections: [datasetsProjection, nodesProjection, objectsProjection], sealing: eventPrivacy, upcasters,
  open: (foundation, settings, signal) => {
    const { content } = openStorageAccess({ ...foundation, keys: foundation.eventKeys, orderKey: settings.deviceKey('OORT_ORDER_KEY_FILE') }, signal);
    return createDatahubSubgraph({ ...foundation, content });
  },
});
