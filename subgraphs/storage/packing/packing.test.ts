// Small objects in packs over real piece servers: nothing is lost, whoever dies or deletes when, and nothing stays behind.
import { randomBytes, randomInt } from 'node:crypto';
import { checkCertificate, certificateStatement, type AvailabilityCertificate } from '@oort/algorithms-possession';
import type { ReadModels } from '@oort/kernel-projection';
import { packingReport, segmentsOf } from '@oort/projections-objects';
import { certificateOf } from '../certificate';
import type { HandleObject } from '../object-writer';
import { account, eager, PackingPlatform } from './fixture-platform';
import { looseBytes } from './packer';

let platform: PackingPlatform;
beforeEach(async () => { platform = await PackingPlatform.open(); });
afterEach(() => platform.close());

async function putMany(count: number, mostBytes = 65_536): Promise<Map<string, Buffer>> {
  const objects = new Map(Array.from({ length: count }, (_, index) => [`key-${index}`, randomBytes(index === 0 ? 0 : index === 1 ? 65_536 : randomInt(1, mostBytes))]));
  await Promise.all([...objects].map(([key, bytes]) => platform.put(key, bytes)));
  return objects;
}

async function expectAll(objects: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [key, bytes] of objects) expect([key, (await platform.read(key)).equals(bytes)]).toEqual([key, true]);
}

async function swept(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    await platform.storage.repair.runOnce();
    const { held, owned } = await platform.onNodes();
    if (held.join() === owned.join()) return;
  }
  const { held, owned } = await platform.onNodes();
  expect(held).toEqual(owned);
}

const report = () => packingReport(platform.readModels, looseBytes);

it('packs what is small, reads it from fewer bytes, and outlives three of six nodes', async () => {
  const objects = await putMany(30);
  const large = randomBytes(100_000);
  await platform.put('large', large);
  while (await platform.packer().runOnce()) { /* there is more */ }
  const { packs, segments, liveBytes, rawBytesBefore, rawBytesNow, loose } = await report();
  expect(packs).toBeGreaterThan(0);
  expect(segments + loose).toBe(30);
  expect(rawBytesBefore).toBe(4 * liveBytes);
  expect(rawBytesNow).toBeLessThan(rawBytesBefore * 0.55);
  await expectAll(objects);
  expect((await platform.read('key-1', 1_000, 40_000)).equals((objects.get('key-1') ?? large).subarray(1_000, 40_000))).toBe(true);
  await swept();
  for (const index of [0, 2, 4]) await platform.nodes[index]?.kill();
  await expectAll(objects);
  expect((await platform.read('large')).equals(large)).toBe(true);
});

it('rewrites packs that are mostly holes and frees those that are empty', async () => {
  const objects = await putMany(40, 20_000);
  await platform.packer().runOnce();
  const before = await report();
  const doomed = [...objects.keys()].filter((_, index) => index % 5 > 0);
  for (const key of doomed) {
    await platform.remove(key);
    objects.delete(key);
  }
  while (await platform.packer({ rule: { lingerMs: 1e9, leastBytes: 1e9 } }).runOnce()) { /* there is more */ }
  await expectAll(objects);
  const after = await report();
  expect([before.segments > 0, after.segments + after.loose]).toEqual([true, objects.size]);
  expect(after.rawBytesNow).toBeLessThan(before.rawBytesNow / 2);
  for (const key of objects.keys()) await platform.remove(key);
  await platform.packer().runOnce();
  expect(await report()).toMatchObject({ packs: 0, segments: 0, rawBytesNow: 0, loose: 0 });
  await swept();
  expect((await platform.onNodes()).held).toEqual([]);
});

it('leaves a pack of objects of a few bytes alone once it is dense', async () => {
  const objects = new Map<string, Buffer>(Array.from({ length: 8 }, (_, index) => [`key-${index}`, randomBytes(index < 2 ? 60_000 : index - 2)]));
  for (const [key, bytes] of objects) await platform.put(key, bytes);
  await platform.packer().runOnce();
  for (const key of ['key-0', 'key-1']) {
    await platform.remove(key);
    objects.delete(key);
  }
  while (await platform.packer().runOnce()) { /* there is more */ }
  expect(await report()).toMatchObject({ packs: 1, segments: 6, loose: 0 });
  await expectAll(objects);
});

it('gives a reader that began before the switch the bytes from after it, and deletes and overwrites that come between count', async () => {
  const objects = await putMany(20);
  const before = await Promise.all([...objects.keys()].map((key) => platform.storage.objects.find('bucket', key)));
  const other = randomBytes(10_000);
  const meddling: HandleObject = async (id, asked) => {
    if (asked.type === 'PackSegment' && asked.data.ordinal === 3) {
      await platform.put('key-4', other);
      await platform.remove('key-5');
      await platform.put('key-6', other);
    }
    return platform.storage.objects.handleObject(id, asked);
  };
  while (await platform.packer({ handleObject: meddling }).runOnce()) { /* there is more */ }
  for (const key of ['key-4', 'key-6']) objects.set(key, other);
  objects.delete('key-5');
  await expectAll(objects);
  for (const found of before) {
    if (found === null || found.status !== 'stored' || ['key-4', 'key-5', 'key-6'].includes(found.version.key)) continue;
    const chunks: Buffer[] = [];
    for await (const chunk of platform.storage.objects.read(found.version)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(objects.get(found.version.key) ?? other)).toBe(true);
  }
  await swept();
  expect(await platform.storage.objects.find('bucket', 'key-5')).toBeNull();
});

it('certifies a packed object by the receipts of its pack and the proof of its place in it, also while nodes are away', async () => {
  const objects = await putMany(12);
  while (await platform.packer().runOnce()) { /* there is more */ }
  const { store, dataPath } = platform;
  const key = await packed(objects.keys());
  for (const away of [0, 3]) {
    for (const node of platform.nodes.slice(0, away)) await node.kill();
    const { segmentId, versionId } = await placeOf(key);
    const certificate = await certificateOf({ store, dataPath, now: () => new Date() }, 'bucket', key, versionId);
    expect(await segmentsOf(platform.readModels, versionId)).toMatchObject([{ segmentId, k: 3, n: 6, pieces: [{ index: 0 }, {}, {}, {}, {}, {}] }]);
    expect(certificate?.segments[0]?.packed).toMatchObject({ segmentId, proofs: [{ piece: 0 }] });
    expect(checkCertificate(JSON.stringify(certificate), dataPath.signer.publicKey)).toMatchObject({ ok: true, losses: 3 });
    const [segment] = certificate?.segments ?? [];
    const { statement: _, platformKey, signature: __, ...object } = { ...certificate, segments: [{ ...segment, packed: { ...segment?.packed, ordinal: segment?.packed?.ordinal === 0 ? 1 : 0 } }] } as AvailabilityCertificate;
    const signature = dataPath.sign(certificateStatement(object, platformKey));
    expect(checkCertificate(JSON.stringify({ ...certificate, ...object, signature }))).toMatchObject({ ok: false, refused: 'RECEIPT_DOUBTED', detail: expect.stringMatching(/says otherwise/) as unknown });
  }
});

/** One of those that lie in a pack; a rest that is too little for one does not. */
async function packed(keys: Iterable<string>): Promise<string> {
  for (const key of keys) if ((await segmentsOf(platform.readModels, (await placeOf(key)).versionId))[0]?.k === 3) return key;
  throw new RangeError('none was packed');
}

async function placeOf(key: string): Promise<{ readonly segmentId: string; readonly versionId: string }> {
  const found = await platform.storage.objects.find('bucket', key);
  const [segment] = found?.version.segments ?? [];
  return { segmentId: segment?.segmentId ?? '', versionId: found?.version.versionId ?? '' };
}

it('packs every version, and what comes back from the archive', async () => {
  const { objects } = platform.storage;
  await objects.setVersioning(account, 'bucket', 'enabled');
  const bodies = Array.from({ length: 6 }, () => randomBytes(30_000));
  for (const body of bodies) await platform.put('key', body);
  while (await platform.packer().runOnce()) { /* there is more */ }
  expect(await report()).toMatchObject({ segments: 6, loose: 0 });
  const versions = (await objects.listVersions({ bucket: 'bucket', prefix: '', delimiter: '', afterKey: '', afterVersion: null, limit: 10 })).entries
    .flatMap((entry) => ('object' in entry ? [entry.object.versionId] : [])).reverse();
  const [first = '', second = '', third = ''] = versions;
  await objects.delete({ accountId: account, bucket: 'bucket', key: 'key', version: first });
  expect(await objects.archive(account, 'bucket', 'key', second)).toMatchObject({ ok: true });
  expect(await report()).toMatchObject({ segments: 4, loose: 0 });
  expect(await objects.restore(account, 'bucket', 'key', second)).toMatchObject({ ok: true });
  expect(await report()).toMatchObject({ segments: 4, loose: 1 });
  while (await platform.packer({ rule: { liveShare: 1 } }).runOnce()) { if ((await report()).loose === 0) break; }
  for (const [versionId, body] of [[second, bodies[1]], [third, bodies[2]]] as const) {
    const found = await objects.findVersion('bucket', 'key', versionId);
    if (found === null || found.status !== 'stored') throw new RangeError(versionId);
    const chunks: Buffer[] = [];
    for await (const chunk of objects.read(found.version)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(body ?? randomBytes(1))).toBe(true);
  }
  await swept();
  expect(await objects.findVersion('bucket', 'key', first)).toBeNull();
});

class Killed extends RangeError {}

it('whoever is killed at any step leaves all that was there, and the next one finishes or clears away', async () => {
  const objects = await putMany(6);
  // 1 StoreObject, 6 PackSegment, 1 SealPack and a few turns of each.
  for (let lives = 0; lives < 9; lives += 1) {
    let left = lives;
    const dying: HandleObject = async (id, asked) => {
      if (left === 0) throw new Killed();
      left -= 1;
      const outcome = await platform.storage.objects.handleObject(id, asked);
      // Half of them die after the event is written and before they know.
      if (left === 0 && lives % 2 === 1) throw new Killed();
      return outcome;
    };
    await platform.packer({ handleObject: dying, rule: { liveShare: 1 } }).runOnce().catch((error: unknown) => { if (!(error instanceof Killed)) throw error; });
    await expectAll(objects);
    await platform.storage.repair.runOnce();
    await expectAll(objects);
  }
  while (await platform.packer().runOnce()) { /* there is more */ }
  await swept();
  await expectAll(objects);
  const { segments, loose } = await report();
  expect(segments + loose).toBe(6);
  // Those that a death left alone may be too small together to be worth a pack.
  const rest = [...objects].sort(([, a], [, b]) => a.length - b.length).slice(0, loose).reduce((sum, [, { length }]) => sum + length, 0);
  expect(rest).toBeLessThan(eager.leastBytes);
});

it('a catalogue that has not heard of the seal yet, as after a restart, costs nothing', async () => {
  const objects = await putMany(6);
  const { readModels } = platform;
  while (await platform.packer().runOnce()) { /* there is more */ }
  const packs: readonly { readonly packId: string }[] = await readModels.database.query('SELECT "packId" FROM objects.pack');
  expect(packs.length).toBeGreaterThan(0);
  const behind = { database: { query: () => Promise.resolve(packs.map(({ packId }) => ({ packId, segments: 0 }))) }, waitFor: () => Promise.resolve() };
  // What it takes for loose or thin is none of either, and it may stumble over that.
  await platform.packer({ readModels: behind as unknown as ReadModels }).runOnce().catch(() => undefined);
  await expectAll(objects);
  await swept();
  await expectAll(objects);
});

it('one that is slow comes too late: a pack that others sealed or removed keeps nothing that only it refers to', async () => {
  const objects = await putMany(6);
  for (const finishAt of ['PackSegment', 'SealPack'] as const) {
    let done = false;
    const slow: HandleObject = async (id, asked) => {
      if (asked.type === finishAt && !done) {
        done = true;
        await platform.packer({ rule: { packBytes: 1e9, lingerMs: 1e9 } }).runOnce();
      }
      return platform.storage.objects.handleObject(id, asked);
    };
    await platform.packer({ handleObject: slow }).runOnce();
    await swept();
    await expectAll(objects);
  }
});
