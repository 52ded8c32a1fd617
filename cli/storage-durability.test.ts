import type { OpenReadModels } from '@oort/kernel-projection';
import { nodesProjection } from '@oort/projections-nodes';
import { objectsProjection } from '@oort/projections-objects';
import { openTestReadModels, printed } from './fixture-command';
import { storageDurability } from './storage-durability';

let readModels: OpenReadModels;
let close: () => Promise<void>;
beforeAll(async () => { ({ readModels, close } = await openTestReadModels([nodesProjection, objectsProjection])); });
afterAll(() => close());

const said = (...commandLine: string[]): Promise<string> => printed(() => storageDurability(commandLine));

test('an empty platform loses nothing; six nodes that keep a segment lose it rarely, and it says what would help', async () => {
  expect(await said()).toMatch(/nothing is stored\nannual loss of a segment: 0/);
  const { database } = readModels;
  for (let index = 0; index < 6; index += 1) {
    await database.query(
      `INSERT INTO nodes.node ("nodeId", kind, name, operator, region, network, "runtimeClass", "publicKey", online, status, "statusBefore", trust, "enrolledAt")
       VALUES ($1::text, 'super', $1, $2, 'local', $1, '', '', true, 'active', 'enrolled', 0.9, '2026-01-01T00:00:00.000Z')`, [`node_${index}`, `operator_${index % 3}`]);
    await database.query(`INSERT INTO objects.piece ("segmentId", index, "nodeId", "pieceId", root, leaves) VALUES ('segment_1', $1, $2, $3, '', 1)`, [index, `node_${index}`, `piece_${index}`]);
  }
  await database.query(`INSERT INTO objects.segment ("segmentId", "versionId", ordinal, "sizeBytes", k, n, "stripeUnitBytes", cold) VALUES ('segment_1', 'object_1', 0, 1000, 3, 6, 65536, false)`);
  expect(JSON.parse(await said('--json'))).toMatchObject({ codes: [{ k: 3, n: 6, segments: 1, bytes: 1000 }] });
  expect(await said()).toMatch(/3 of 6: 1 segments, 1000 bytes; 0 miss pieces; 0 could be lost by one operator[^]*if no operator has two pieces of a segment/);
  await database.query(`INSERT INTO objects.segment ("segmentId", "versionId", ordinal, "sizeBytes", k, n, "stripeUnitBytes", cold, "packId")
    VALUES ('segment_2', 'object_2', 0, 800, 1, 4, 65536, false, 'object_1'), ('segment_3', 'object_3', 0, 500, 1, 4, 65536, false, NULL)`);
  await database.query(`INSERT INTO objects.pack ("packId", "segmentId", "sizeBytes", "sealedAt") VALUES ('object_1', 'segment_1', 1000, '2026-01-01T00:00:00.000Z')`);
  expect(await said()).toMatch(/1 small segments of 800 bytes in 1 packs, with 200 bytes of indices and holes: 2000 bytes on nodes instead of 3200 as replicas, 38 % less\n1 small segments of 500 bytes are replicas\n$/);
  await expect(said('--repair-hours', 'soon')).rejects.toMatchObject({ code: 'USAGE' });
});
