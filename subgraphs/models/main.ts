// The models subgraph as a process of its own; docs/OPERATIONS.md lists its environment.
import { runSubgraph } from '@oort/kernel-service';
import { contentsProjection } from '@oort/projections-contents';
import { modelsProjection } from '@oort/projections-models';
import { nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { eventPrivacy, upcasters } from '@oort/schema';
import { createJobSubmitter } from '@oort/subgraphs-compute';
import { openStorageAccess } from '@oort/subgraphs-storage';
import { createModelsSubgraph } from './subgraph';

runSubgraph({
  name: 'models', projections: [contentsProjection, modelsProjection, nodesProjection, objectsProjection], sealing: eventPrivacy, upcasters,
  open: (foundation, settings, signal) => {
    const platformKey = settings.deviceKey('OORT_ORDER_KEY_FILE');
    const { content } = openStorageAccess({ ...foundation, keys: foundation.eventKeys, orderKey: platformKey }, signal);
    const submit = createJobSubmitter(foundation);
    return createModelsSubgraph({ ...foundation, content, platformKey, submitJob: async (job) => { await submit(job); } });
  },
});
