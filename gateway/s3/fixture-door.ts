// A whole door for tests: a real catalogue, real piece servers, keys of two accounts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { fileKeyStore, memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { newDeviceKey } from '@oort/kernel-identity';
import { openReadModels, testPostgres } from '@oort/kernel-projection';
import { startTestNodes } from '@oort/node-agents-agent/pieces/fixture-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { createStorageSubgraph, DataPath, type AccountQuotas, type ObjectStore, type Swept } from '@oort/subgraphs-storage';
import { openS3Door, type S3DoorOptions } from './index';

const keys = new Map([
  ['AKIAONE', { accountId: 'account_1', accessKeyId: 'AKIAONE', secretAccessKey: 'secret one' }],
  ['AKIATWO', { accountId: 'account_2', accessKeyId: 'AKIATWO', secretAccessKey: 'secret two' }],
]);

export interface TestDoor {
  readonly url: string;
  readonly s3: S3Client;
  /** Of another account. */
  readonly other: S3Client;
  readonly objects: ObjectStore;
  newBucket(): Promise<string>;
  /** Lifecycle rules carried out once; a day of them takes what the options say. */
  sweep(): Promise<Swept>;
  close(): Promise<void>;
}

export async function openTestDoor({ dayMs, accountQuotas, store = memoryStore(), ...more }: Partial<Pick<S3DoorOptions, 'bucketDefaults' | 'findS3Key' | 'identities' | 'limits'>> & { readonly dayMs?: number; readonly accountQuotas?: AccountQuotas; /** Default: one in memory. */ readonly store?: EventStore } = {}): Promise<TestDoor> {
  const now = (): Date => new Date();
  const stop = new AbortController();
  const directory = await mkdtemp(join(tmpdir(), 's3-'));
  const postgres = await testPostgres();
  const readModels = await openReadModels({ url: postgres.url, projections: [objectsProjection], store });
  await readModels.start(stop.signal);
  const platformKey = newDeviceKey();
  const nodes = await startTestNodes(6, directory, platformKey.publicKey);
  const dataPath = new DataPath({ nodes: () => Promise.resolve(nodes.map((node) => node.shown())), platformKey, now });
  const { objects, lifecycle } = await createStorageSubgraph({ store, readModels, dataPath, keys: fileKeyStore(join(directory, 'keys')), now, ...(dayMs === undefined ? {} : { lifecycle: { dayMs } }), ...(accountQuotas === undefined ? {} : { accountQuotas }) });
  const door = await openS3Door({ objects, findS3Key: (id) => keys.get(id) ?? null, port: 0, now, ...more });
  const client = (accessKeyId: string, secretAccessKey: string): S3Client =>
    new S3Client({ endpoint: door.url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } });
  const [s3, other] = [client('AKIAONE', 'secret one'), client('AKIATWO', 'secret two')];
  let buckets = 0;
  return {
    url: door.url, s3, other, objects,
    async newBucket() {
      buckets += 1;
      const Bucket = `bucket-${buckets}`;
      await s3.send(new CreateBucketCommand({ Bucket }));
      return Bucket;
    },
    sweep: () => lifecycle.sweep(),
    async close() {
      stop.abort();
      s3.destroy();
      other.destroy();
      await door.close();
      await readModels.close();
      await postgres.stop();
      await dataPath.close();
      await Promise.all(nodes.map((node) => node.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** `404 NoSuchKey`, or `no error`. */
export async function codeOf(sent: Promise<unknown>): Promise<string> {
  return sent.then(() => 'no error', (error: unknown) => (error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)));
}
