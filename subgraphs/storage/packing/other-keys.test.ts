// Repair, packing and the archive move sealed bytes: what is under a key that the platform does not have, or may not use now, is kept as well.
import { randomBytes } from 'node:crypto';
import { command } from '@oort/kernel-decider';
import { ownedPieceIds, piecesNamed, segmentsOf } from '@oort/projections-objects';
import type { AskedEncryption } from '../object-keys';
import type { StoredVersion } from '../state';
import { account, PackingPlatform } from './fixture-platform';

let platform: PackingPlatform;
beforeEach(async () => { platform = await PackingPlatform.open(); });
afterEach(() => platform.close());

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> { yield bytes; }

it('objects under keys of the customer and of a keyring are packed, repaired, archived and restored without them', async () => {
  const { storage: { objects, repair }, nodes, readModels } = platform;
  const by = { actor: account, now: new Date() };
  const key = { accountId: account, keyId: 'key-1' };
  await objects.encryptionKeys.ask(command('CreateEncryptionKey', { ...key, description: '', alias: null }, by));
  const customer = randomBytes(32);
  const asked: Readonly<Record<string, AskedEncryption>> = { customer: { kind: 'customer', key: customer }, kms: { kind: 'kms', ownerId: account, keyId: key.keyId, context: Buffer.from('{"a":"b"}').toString('base64') } };
  const bodies = new Map<string, Buffer>();
  for (const [kind, encryption] of Object.entries(asked)) {
    for (const [size, bytes] of [['small', randomBytes(60_000)], ['large', randomBytes(300_000)]] as const) {
      bodies.set(`${kind}-${size}`, bytes);
      const done = await objects.put({ accountId: account, bucket: 'bucket', key: `${kind}-${size}`, body: oneChunk(bytes), contentType: 'a/b', userMetadata: {}, checksums: () => ({}), condition: {}, encryption });
      expect(done).toMatchObject({ ok: true, value: { encryption: { kind }, contentId: '' } });
    }
  }
  const versionOf = async (name: string): Promise<StoredVersion> => {
    const found = await objects.find('bucket', name);
    if (found === null) throw new RangeError(name);
    return found.version;
  };
  const readable = async (): Promise<void> => {
    await objects.encryptionKeys.ask(command('SetEncryptionKeyEnabled', { ...key, enabled: true }, by));
    for (const [name, bytes] of bodies) {
      const chunks: Buffer[] = [];
      for await (const chunk of objects.read(await versionOf(name), 0, bytes.length, name.startsWith('customer') ? customer : undefined)) chunks.push(chunk);
      expect([name, Buffer.concat(chunks).equals(bytes)]).toEqual([name, true]);
    }
    await objects.encryptionKeys.ask(command('SetEncryptionKeyEnabled', { ...key, enabled: false }, by));
  };
  await objects.encryptionKeys.ask(command('SetEncryptionKeyEnabled', { ...key, enabled: false }, by));
  while (await platform.packer().runOnce()) { /* there is more */ }
  expect(await segmentsOf(readModels, (await versionOf('kms-small')).versionId)).toMatchObject([{ k: 3, n: 6 }]);
  const [emptied] = nodes;
  await emptied?.loseEverything();
  const nodeId = emptied?.shown().nodeId ?? '';
  const lost = await piecesNamed(readModels, nodeId, [...await ownedPieceIds(readModels, nodeId)]);
  expect(lost.length).toBeGreaterThanOrEqual(3);
  for (const piece of lost) await repair.failed(piece, 'missing');
  while ((await emptied?.pieceIds() ?? []).length < lost.length) await repair.runOnce();
  for (const index of [1, 2, 3]) await nodes[index]?.kill();
  await readable();
  for (const index of [1, 2, 3]) await nodes[index]?.start();
  for (const name of ['customer-large', 'kms-large']) {
    expect(await objects.archive(account, 'bucket', name)).toMatchObject({ ok: true });
    expect(await objects.restore(account, 'bucket', name)).toMatchObject({ ok: true });
  }
  await expect(objects.read(await versionOf('kms-small')).next()).rejects.toMatchObject({ code: 'KEY_UNUSABLE', reason: 'disabled' });
  await readable();
});
