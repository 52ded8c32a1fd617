// The archive's backends outside, over HTTP against services that do what the documented APIs say and fail when told; and against the real
// ones where the environment gives credentials.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@oort/kernel-wire';
import { carOf } from '../archive-formats/car';
import { cidText } from '../archive-formats/cid';
import { commitPayload, pieceCidV2 } from '../archive-formats/piece-commitment';
import { Archive } from './archive';
import { ArweaveArchive } from './arweave';
import { ArchiveServiceFailed, ArchiveUnpaid, ArchiveUnreachable, BadArchiveSetting } from './faults';
import { FilecoinArchive, type DataSet, type DataSetMemory } from './filecoin';
import { signAddPieces, signCreateDataSet, signRemovals } from './filecoin-signatures';
import { FixtureBundler, FixtureProvider, type Failure } from './fixture-services';
import type { ArchiveBackend, ColdSegment, SealedCar } from './port';
import { archiveFrom, dataSetFile } from './settings';

const privateKey = `0x${'11'.repeat(32)}`;
const signer = { privateKey, chainId: 314159, contract: '0x02925630df557F957f70E112bA06e50965417CA0' };
const payee = `0x${'22'.repeat(20)}`;
const quick = { pauseMs: 1, pollMs: 1, looks: 10 };
let provider: FixtureProvider;
let bundler: FixtureBundler;

beforeEach(async () => {
  provider = await new FixtureProvider({ chainId: signer.chainId, verifyingContract: signer.contract }).start();
  bundler = await new FixtureBundler().start();
});

afterEach(() => Promise.all([provider.stop(), bundler.stop()]));

function remembered(): DataSetMemory & { dataSet: DataSet | null } {
  const memory = {
    dataSet: null as DataSet | null, load: () => Promise.resolve(memory.dataSet),
    save: (dataSet: DataSet) => { memory.dataSet = dataSet; return Promise.resolve(); },
  };
  return memory;
}

function filecoin(memory = remembered(), more: { readonly attempts?: number; readonly answerMs?: number } = {}): FilecoinArchive {
  return new FilecoinArchive({ serviceUrl: provider.url, signer, payee, memory, ...quick, ...more });
}

function arweave(more: { readonly attempts?: number; readonly answerMs?: number } = {}): ArweaveArchive {
  return new ArweaveArchive({ bundlerUrl: bundler.url, gatewayUrl: bundler.url, privateKey, ...quick, ...more });
}

function carFor(sealed: Buffer): SealedCar {
  const { bytes, root } = carOf(sealed);
  const commitment = commitPayload(bytes);
  return { segmentId: 'segment_1', root: cidText(root), bytes, commitment, pieceCid: pieceCidV2(commitment) };
}

async function archived(backends: readonly ArchiveBackend[], sealed: Buffer): Promise<{ readonly archive: Archive; readonly cold: ColdSegment; readonly lost: string[] }> {
  const lost: string[] = [];
  const archive = new Archive({ backends, chosen: backends.map(({ name }) => name), onLost: ({ backend, reason }) => lost.push(`${backend} ${reason}`) });
  const kept = await archive.keep('segment_1', sealed, 'account_1', backends);
  const { cars, segments } = await archive.confirm([kept], backends);
  return { archive, cold: { placement: segments[0]!, car: cars[0]! }, lost };
}

it('signs for the warm storage contract to the byte as @filoz/synapse-core 0.5.2 does', async () => {
  const pieces = ['bafkzcibcgybzxsgijiseakp4of2vgcp4yz2xjewz4dc2rn2h6tqf7y45qhyj6bi', 'bafkzcibdxamaqu3fwjqqdldcsjnkmjlaugkwyffutcf2qc3ccsmfh7dbqcrum6jw'];
  expect(sha256Hex(await signAddPieces(signer, 7n, 9n, pieces))).toBe('e7bfa497bcf0a1f2ed3b89b38ef92bcb0825f7e9af4e52c958cbf4750233c360');
  expect(sha256Hex(await signCreateDataSet(signer, 7n, payee))).toBe('c2eed77130f9bea1a685be99b6e35b79d2221a4e974c67e55335408a3a527785');
  expect(sha256Hex(await signRemovals(signer, 7n, [3n]))).toBe('25d8808e4a1690bb7c934b76317feae22af08c24b3e6b94877322efeebf5149e');
});

describe('a Filecoin provider', () => {
  it('keeps a piece in a data set that is made for it, gives it back, and lets it go', async () => {
    const sealed = randomBytes(200_000);
    const memory = remembered();
    const { archive, cold } = await archived([filecoin(memory)], sealed);
    expect(cold.car).toMatchObject({ deposits: [{ backend: 'filecoin', at: provider.url.href, locator: cold.car?.pieceCid, dataSet: '12', piece: '0' }] });
    expect(memory.dataSet).toMatchObject({ id: '12' });
    expect((await archive.fetch(cold, 'account_1')).equals(sealed)).toBe(true);
    await archive.remove([cold]);
    expect(provider.dataSet).toEqual([]);
    // Archived once more, under another nonce: the one of before is spent.
    await archived([filecoin(memory)], sealed);
    expect(provider.dataSet).toHaveLength(1);
    expect(provider.count('PUT')).toBe(1);
  });

  it.each<[string, Failure]>([
    ['is busy for a moment', { on: 'POST /pdp/piece', how: { status: 429, headers: { 'retry-after': '0' } } }],
    ['breaks while it looks', { on: 'GET /pdp/piece', how: { status: 503 } }],
    ['breaks off an upload', { on: 'PUT /pdp/piece/upload', how: 'drop' }],
    ['breaks off an upload that it has whole', { on: 'PUT /pdp/piece/upload', how: 'drop', after: true }],
    ['takes an upload and says that it did not', { on: 'PUT /pdp/piece/upload', how: { status: 502 }, after: true }],
    ['adds a piece and does not say so', { on: 'POST /pdp/data-sets/12/pieces', how: 'drop', after: true }],
    ['does not answer about the chain', { on: 'GET /pdp/data-sets/12/pieces/added', how: 'hang' }],
  ])('has the piece once when it %s', async (_, failure) => {
    const sealed = randomBytes(5_000);
    provider.failures = [failure];
    // Long for an answer of a fixture, also on a busy machine; one that hangs costs it once.
    const memory = remembered();
    const backend = filecoin(memory, { answerMs: failure.how === 'hang' ? 500 : 60_000 });
    await archived([backend], sealed);
    // Once more, by a process that knows nothing of the first.
    await archived([filecoin(memory)], sealed);
    expect(provider.failures).toEqual([]);
    expect(provider.dataSet).toHaveLength(1);
    expect(provider.pieces.size).toBe(1);
  });

  it('is not believed when it shows another piece, and is told what it refuses', async () => {
    const car = carFor(randomBytes(1_000));
    provider.pieces.set(car.pieceCid, car.bytes);
    provider.failures = [{ on: 'GET /pdp/piece', how: { status: 200, headers: {} } }];
    await expect(filecoin().keep(car)).rejects.toThrow(ArchiveServiceFailed);
    provider.failures = Array.from({ length: 5 }, () => ({ on: 'POST /pdp/data-sets', how: { status: 503 } }));
    await expect(archived([filecoin()], randomBytes(1_000))).rejects.toMatchObject({ code: 'ARCHIVE_SERVICE_FAILED', status: 503 });
    provider.failures = [{ on: 'POST /pdp/piece', how: { status: 402 } }];
    await expect(filecoin().keep(carFor(randomBytes(1_000)))).rejects.toThrow(ArchiveUnpaid);
    await expect(filecoin().keep({ ...car, bytes: Buffer.alloc(100) })).rejects.toThrow(ArchiveServiceFailed);
  });
});

describe('Arweave', () => {
  it.each<[string, Failure | null]>([
    ['answers', null],
    ['is busy for a moment', { on: 'POST /tx', how: { status: 429, headers: { 'retry-after': '0' } } }],
    ['takes it and does not say so', { on: 'POST /tx', how: 'drop', after: true }],
    ['takes it and says that it did not', { on: 'POST /tx', how: { status: 503 }, after: true }],
    ['does not answer', { on: 'POST /tx', how: 'hang' }],
    ['breaks when it is asked for the status', { on: 'GET /tx', how: { status: 500 } }],
  ])('has the data item once when it %s', async (_, failure) => {
    const sealed = randomBytes(70_000);
    bundler.failures = failure === null ? [] : [failure];
    const backend = arweave({ answerMs: failure?.how === 'hang' ? 500 : 60_000 });
    const { archive, cold } = await archived([backend], sealed);
    expect((await archive.fetch(cold, 'account_1')).equals(sealed)).toBe(true);
    const [deposit] = cold.car?.deposits ?? [];
    expect(await backend.status(deposit?.locator ?? '')).toBe('CONFIRMED');
    // A second time, by a process that knows nothing of the first.
    const again = await archived([arweave()], sealed);
    expect(again.cold.car?.deposits).toEqual(cold.car?.deposits);
    expect(bundler.data.size).toBe(1);
    expect(bundler.failures).toEqual([]);
  });

  it('is sent an item again that it failed to write down, and is told to be paid first', async () => {
    const sealed = randomBytes(1_000);
    const { cold } = await archived([arweave()], sealed);
    const id = cold.car?.deposits[0]?.locator ?? '';
    bundler.data.delete(id);
    bundler.failed.add(id);
    await archived([arweave()], sealed);
    expect(bundler.data.has(id)).toBe(true);
    expect(await arweave().status('none')).toBe('UNKNOWN');
    bundler.failures = [{ on: 'POST /tx', how: { status: 402 } }];
    await expect(archived([arweave()], randomBytes(1_000))).rejects.toThrow(ArchiveUnpaid);
  });

  it('is not believed when it confirms another item', async () => {
    bundler.failures = [{ on: 'POST /tx', how: { status: 200 } }];
    await expect(archived([arweave()], randomBytes(1_000))).rejects.toThrow(ArchiveServiceFailed);
    bundler.failures = [{ on: 'POST /tx', how: { status: 202 } }];
    await expect(archived([arweave()], randomBytes(1_000))).rejects.toThrow(ArchiveServiceFailed);
  });
});

describe('a copy that is not whole', () => {
  const spoilt: [string, (bytes: Buffer) => Buffer | null][] = [
    ['missing', () => null],
    ['a bit of it flipped', (bytes) => { const other = Buffer.from(bytes); other.writeUInt8(other.readUInt8(900) ^ 1, 900); return other; }],
    ['cut short', (bytes) => bytes.subarray(0, -1)],
    ['longer', (bytes) => Buffer.concat([bytes, Buffer.alloc(10)])],
    ['another CAR, whole in itself', (bytes) => carOf(randomBytes(bytes.length - 100)).bytes],
  ];

  it.each(spoilt)('(%s) is told, and the other one is taken', async (_, spoil) => {
    const sealed = randomBytes(3_000);
    const { archive, cold, lost } = await archived([filecoin(), arweave()], sealed);
    for (const [cid, bytes] of provider.pieces) replace(provider.pieces, cid, spoil(bytes));
    expect((await archive.fetch(cold, 'account_1')).equals(sealed)).toBe(true);
    expect(lost).toEqual([`filecoin ${spoil(Buffer.alloc(1_000)) === null ? 'missing' : 'corrupt'}`]);
    for (const [id, bytes] of bundler.data) replace(bundler.data, id, spoil(bytes));
    await expect(archive.fetch(cold, 'account_1')).rejects.toThrow(ArchiveUnreachable);
    await expect(new Archive({ backends: [], chosen: [] }).fetch(cold, 'account_1')).rejects.toThrow(/not configured/);
  });
});

function replace(among: Map<string, Buffer>, id: string, bytes: Buffer | null): void {
  if (bytes === null) among.delete(id);
  else among.set(id, bytes);
}

describe('settings', () => {
  let directory: string;
  beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'archive-settings-')); });
  afterEach(() => rm(directory, { recursive: true }));

  it('name backends, and what is wrong with them', async () => {
    expect(archiveFrom({})).toEqual({});
    expect(archiveFrom({ OORT_ARCHIVE_BACKEND: 'archive-nodes' })).toEqual({ archive: { backends: [], chosen: ['archive-nodes'] } });
    for (const OORT_ARCHIVE_BACKEND of ['tape', 'filecoin', 'archive-nodes,arweave']) expect(() => archiveFrom({ OORT_ARCHIVE_BACKEND })).toThrow(BadArchiveSetting);
    const file = join(directory, 'data-set');
    expect(await dataSetFile(file).load()).toBeNull();
    await dataSetFile(file).save({ id: '12', clientId: 2n ** 255n });
    expect(await dataSetFile(file).load()).toEqual({ id: '12', clientId: 2n ** 255n });
    await expect(dataSetFile(directory).load()).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('the real services', () => {
  const { archive: configured } = archiveFrom(process.env);
  const real = (name: string): ArchiveBackend | undefined => configured?.backends.find((backend) => backend.name === name);
  const roundTrip = async (backend: ArchiveBackend | undefined): Promise<void> => {
    const sealed = randomBytes(1_000);
    const { archive, cold } = await archived(backend === undefined ? [] : [backend], sealed);
    expect((await archive.fetch(cold, 'account_1')).equals(sealed)).toBe(true);
    await archive.remove([cold]);
  };
  for (const name of ['filecoin', 'arweave']) {
    const test = real(name) === undefined ? it.skip : it;
    test(`${name}, with the credentials of the environment (OORT_${name.toUpperCase()}_KEY_FILE)`, () => roundTrip(real(name)), 900_000);
  }
});
