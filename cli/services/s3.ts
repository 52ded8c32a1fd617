// The S3 door as a process of its own.
import { openS3Door, readS3Accounts } from '@oort/gateway-s3';
import { runProcess } from '@oort/kernel-process';
import { openFoundation } from '@oort/kernel-service';
import { nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { eventPrivacy, upcasters } from '@oort/schema';
import { openS3Keys } from '@oort/subgraphs-accounts';
import { accountQuotasFrom, archiveFrom, edgeFrom, lifecycleFrom, openStorageAccess } from '@oort/subgraphs-storage';

runProcess('s3', async (settings, stop) => {
  const [port, host] = [settings.port('OORT_PORT'), settings.optional('OORT_HOST') ?? '127.0.0.1'];
  const orderKey = settings.deviceKey('OORT_ORDER_KEY_FILE');
  const s3Accounts = readS3Accounts(settings.optional('OORT_S3_ACCOUNTS'));
  const foundation = await openFoundation({ name: 's3', settings, projections: [nodesProjection, objectsProjection], sealing: eventPrivacy, upcasters, stop });
  const { objects } = openStorageAccess({ ...foundation, keys: foundation.eventKeys, orderKey, ...lifecycleFrom(process.env), ...accountQuotasFrom(process.env), ...archiveFrom(process.env), ...edgeFrom(process.env) }, stop.signal);
  const keys = await openS3Keys(foundation.store, stop.signal);
  const door = await openS3Door({ port, host, objects, ...s3Accounts((id) => keys.find(id)), now: () => foundation.now() });
  return {
    told: { url: door.url },
    async close() {
      await door.close();
      await foundation.close();
    },
  };
});
