// The audit subgraph as a process of its own; docs/OPERATIONS.md lists its environment.
import { runSubgraph } from '@oort/kernel-service';
import { newId } from '@oort/kernel-wire';
import { honestyProjection } from '@oort/projections-honesty';
import { findNode, liveNodes, nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { eventPrivacy, localParameters, upcasters } from '@oort/schema';
import { createJobSubmitter } from '@oort/subgraphs-compute';
import { openStorageAccess } from '@oort/subgraphs-storage';
import { officerFaultFrom } from './officer-fault';
import { createAuditSubgraph } from './subgraph';

runSubgraph({
  name: 'audit', projections: [honestyProjection, nodesProjection, objectsProjection], sealing: eventPrivacy, upcasters,
  open: (foundation, settings, signal) => {
    const { content } = openStorageAccess({ ...foundation, keys: foundation.eventKeys, orderKey: settings.deviceKey('OORT_ORDER_KEY_FILE') }, signal);
    const submit = createJobSubmitter(foundation);
    return createAuditSubgraph({
      ...foundation, content, batchMs: 1000 * settings.whole('OORT_BATCH_SECONDS', 2), appealMs: localParameters.appealSeconds * 1000,
      officerFault: officerFaultFrom(process.env),
      runtimeClass: settings.text('OORT_RUNTIME_CLASS'),
      // The subject of a customer's inference: what reads a phantom's result must find it in the same shape.
      dispatch: async (job) => { await submit({ ...job, kind: 'inference', subject: { kind: 'inference', id: newId('prediction') } }); },
      dispatchTraining: async (job) => { await submit({ ...job, kind: 'training' }); },
      nodeOf: (nodeId) => findNode(foundation.readModels, nodeId), nodes: () => liveNodes(foundation.readModels),
    });
  },
});
