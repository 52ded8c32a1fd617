// The S3 door in a process of its own, as a platform runs it: durable events, the catalogue in PostgreSQL, orders to the nodes.
import { join } from 'node:path';
import { openS3Door } from '@oort/gateway-s3';
import { fileKeyStore, openEmbeddedStore } from '@oort/kernel-eventstore';
import { publicKeyOf } from '@oort/kernel-identity';
import { openReadModels } from '@oort/kernel-projection';
import { objectsProjection } from '@oort/projections-objects';
import { createStorageSubgraph, DataPath, type StorageNode } from '@oort/subgraphs-storage';

/** What the bench tells it at its start. */
export interface DoorTask {
  readonly directory: string;
  readonly postgres: string;
  /** Ed25519, hex: signs orders. */
  readonly privateKey: string;
  readonly nodes: readonly { readonly nodeId: string; readonly endpoint: string; readonly publicKey: string }[];
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function main(): Promise<void> {
  const { directory, postgres, privateKey, nodes, accessKeyId, secretAccessKey } = JSON.parse(process.argv[2] ?? '{}') as DoorTask;
  const now = (): Date => new Date();
  const stop = new AbortController();
  const store = await openEmbeddedStore({ directory: join(directory, 'events') });
  const readModels = await openReadModels({ url: postgres, projections: [objectsProjection], store });
  await readModels.start(stop.signal);
  const shown = nodes.map((node, index): StorageNode => (
    { ...node, kind: 'super', operator: `operator_${index}`, region: 'local', network: `network_${index}`, online: true, trust: 0.9 }));
  const dataPath = new DataPath({ nodes: () => Promise.resolve(shown), platformKey: { privateKey, publicKey: publicKeyOf(privateKey) }, now });
  const { objects } = await createStorageSubgraph({ store, readModels, dataPath, keys: fileKeyStore(join(directory, 'keys')), now });
  const credentials = { accountId: 'account_bench', accessKeyId, secretAccessKey };
  const { url } = await openS3Door({ objects, findS3Key: (id) => (id === accessKeyId ? credentials : null), port: 0, now });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url });
}

void main();
