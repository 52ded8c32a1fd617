// The storage subgraph as a process of its own, with the loop that repairs; docs/OPERATIONS.md lists its environment.
import { runSubgraph } from '@oort/kernel-service';
import { nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { eventPrivacy, upcasters } from '@oort/schema';
import { openDataPath } from './access';
import { accountQuotasFrom } from './account-quotas';
import { archiveFrom } from './archive/settings';
import { edgeFrom } from './edge/settings';
import { lifecycleFrom } from './lifecycle/settings';
import { packingFrom } from './packing/settings';
import { createStorageSubgraph } from './subgraph';

runSubgraph({
  name: 'storage', projections: [nodesProjection, objectsProjection], sealing: eventPrivacy, upcasters,
  open: (foundation, settings) => {
    const { store, readModels, eventKeys: keys } = foundation;
    const now = (): Date => foundation.now();
    const dataPath = openDataPath({ readModels, orderKey: settings.deviceKey('OORT_ORDER_KEY_FILE'), now, ...edgeFrom(process.env) });
    return createStorageSubgraph({ store, readModels, dataPath, keys, now, ...lifecycleFrom(process.env), ...accountQuotasFrom(process.env), ...packingFrom(process.env), ...archiveFrom(process.env) });
  },
});
