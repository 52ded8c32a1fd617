// The domains over a foundation. Storage comes first, because it is where everybody's bytes lie.
import { createEventsSubgraph } from '@oort/gateway-events';
import { personKeyId } from '@oort/kernel-eventstore';
import type { ContentStore } from '@oort/kernel-content';
import { runtimeClass } from '@oort/node-agents-agent/enrolment';
import { findNode, liveNodes } from '@oort/projections-nodes';
import { createProvenanceSubgraph } from '@oort/projections-provenance';
import type { Subgraph, SubgraphPorts } from '@oort/schema';
import { createAccountsSubgraph, type AccountsSubgraph } from '@oort/subgraphs-accounts';
import { createAuditSubgraph, officerFaultFrom } from '@oort/subgraphs-audit';
import { createComputeSubgraph } from '@oort/subgraphs-compute';
import { createDatahubSubgraph } from '@oort/subgraphs-datahub';
import { createLedgerSubgraph } from '@oort/subgraphs-ledger';
import { createModelsSubgraph } from '@oort/subgraphs-models';
import { createNodesSubgraph } from '@oort/subgraphs-nodes';
import { createStakingSubgraph } from '@oort/subgraphs-staking';
import { accountKeyId, accountQuotasFrom, archiveFrom, createContentAccess, createContentStore, createStorageSubgraph, edgeFrom, lifecycleFrom, openDataPath, packingFrom, possessionFrom, type ContentAccess, type StorageSubgraph } from '@oort/subgraphs-storage';
import { newId } from '@oort/kernel-wire';
import type { Foundation } from './platform';
import { runReveals } from './reveals';

export interface Domains {
  readonly subgraphs: readonly Subgraph[];
  readonly accounts: AccountsSubgraph;
  readonly storage: StorageSubgraph;
  readonly content: ContentStore;
  readonly access: ContentAccess;
}

/** Where the graph is served: wallets show it as the site that asks. */
export interface Site { readonly domain: string }

const leaseTtlMs = 5_000;
const batchMs = 2_000;

export async function openDomains(foundation: Foundation, { domain }: Site): Promise<Domains> {
  const { store, rawStore, readModels, telemetry, timers, node, keys, parameters } = foundation;
  const below = { store, readModels, telemetry, timers, ledger: { request: node.request }, now: (): Date => new Date() };
  const dataPath = openDataPath({ readModels, orderKey: keys.orderKey, now: below.now, ...edgeFrom(process.env) });
  const content = createContentStore({ store, dataPath, keys: foundation.eventKeys, now: below.now });
  const storage = await createStorageSubgraph({ store, readModels, dataPath, keys: foundation.eventKeys, now: below.now, ...lifecycleFrom(process.env), ...accountQuotasFrom(process.env), ...packingFrom(process.env), ...possessionFrom(process.env), ...archiveFrom(process.env) });
  const ports: SubgraphPorts = { ...below, content };
  const accounts = await createAccountsSubgraph({
    ...ports, sessionKey: keys.sessionKey, domain,
    forgetKeys: async (accountId) => {
      for (const keyId of [personKeyId(accountId), accountKeyId(accountId)]) await foundation.eventKeys.destroy(keyId);
    },
  });
  const compute = await createComputeSubgraph({ ...ports, leaseTtlMs, packetKey: keys.orderKey });
  const ledger = await createLedgerSubgraph({ ...ports, rawStore, platformKey: keys.chainKey });
  const subgraphs: readonly Subgraph[] = [
    storage, accounts, compute, ledger,
    await createNodesSubgraph({ ...ports, platformPublicKey: keys.orderKey.publicKey, offlineMs: parameters.offlineMs, suspensionMs: parameters.suspensionSeconds * 1000 }),
    await createModelsSubgraph({ ...ports, platformKey: keys.orderKey, submitJob: async (job) => { await compute.submitJob(job); } }),
    await createDatahubSubgraph(ports),
    await createStakingSubgraph(ports),
    await createAuditSubgraph({
      ...ports, runtimeClass, batchMs, officerFault: officerFaultFrom(process.env), appealMs: parameters.appealSeconds * 1000,
      // The subject of a customer's inference: what reads a phantom's result must find it in the same shape.
      dispatch: async (job) => { await compute.submitJob({ ...job, kind: 'inference', subject: { kind: 'inference', id: newId('prediction') } }); },
      dispatchTraining: async (job) => { await compute.submitJob({ ...job, kind: 'training' }); },
      nodeOf: (nodeId) => findNode(readModels, nodeId), nodes: () => liveNodes(readModels),
    }),
    await createProvenanceSubgraph({ readModels, proofs: ledger.proofs }),
    withReveals(await createEventsSubgraph({ closedStore: rawStore, revealedKeys: foundation.revealedKeys }), foundation),
  ];
  return { subgraphs, accounts, storage, content, access: createContentAccess(below) };
}

/** Here and not in the feed's own room, which shall hold no key that opens more than everybody may read. */
function withReveals(events: Subgraph, foundation: Foundation): Subgraph {
  return { ...events, start: (signal) => runReveals(foundation, signal) };
}
