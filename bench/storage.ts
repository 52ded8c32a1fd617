// PUT and GET through the S3 door over six node processes, 3 of 6, encrypted, receipted and flushed, beside a server that keeps one
// plain file an object, s3rver, and the bare disk. Client, door, nodes and PostgreSQL share the machine, as the peers share it with
// the client. CPU is that of the servers alone.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doorEngineOptions } from '@oort/gateway-s3/engine-options';
import { newDeviceKey } from '@oort/kernel-identity';
import { startPostgres } from '@oort/kernel-projection';
import { figure, type Figure } from './figure';
import { rate } from './rate';
import { ServerProcesses } from './server-processes';
import { accessKeyId, secretAccessKey, StorageClient } from './storage-client';
import type { DoorTask } from './storage-door';
import { slowFigures } from './storage-slow';

const nodes = 6;
const mebibyte = 1024 * 1024;

interface Size { readonly name: string; readonly bytes: number; readonly atOnce: number; readonly seconds: number; readonly aims: { readonly put?: number; readonly get?: number } }
const sizes: readonly Size[] = [
  { name: '1 KiB', bytes: 1024, atOnce: 16, seconds: 3, aims: { put: 0.8 } },
  { name: '1 MiB', bytes: mebibyte, atOnce: 4, seconds: 4, aims: {} },
  { name: '64 MiB', bytes: 64 * mebibyte, atOnce: 1, seconds: 6, aims: { put: 0.25, get: 0.6 } },
];

interface Speed { readonly perSecond: number; readonly cpuMs: number; readonly mostMb: number }
export interface Server { readonly name: string; readonly client: StorageClient; readonly processes: ServerProcesses }
interface Measured { readonly put: Speed; readonly get: Speed }

export async function storageFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-storage-'));
  const opened: Server[] = [];
  try {
    const ours = await platform(join(directory, 'platform'));
    opened.push(ours);
    const oneFile = await peer('one file an object, MD5, flushed', 'storage-one-file.ts', join(directory, 'one-file'));
    const s3rver = await peer('s3rver', 'storage-peer.ts', join(directory, 's3rver'));
    opened.push(...[oneFile, s3rver].filter((server) => server !== null));
    await ours.client.send('PUT', '/bench');
    const figures: Figure[] = [];
    for (const size of sizes) {
      const all = new Map<Server, Measured>();
      for (const server of opened) all.set(server, await measure(server, size));
      figures.push(...figuresOf(size, ours, all, await bareDisk(directory, size)));
    }
    return figures;
  } finally {
    for (const { client, processes } of opened) {
      await client.close();
      await processes.close();
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Slow clients have a platform of their own, whose memory nothing else has stretched. */
export async function slowClientFigures(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'oort-bench-slow-'));
  const { client, processes } = await platform(directory);
  try {
    await client.send('PUT', '/bench');
    return await slowFigures(client, processes, client.url);
  } finally {
    await client.close();
    await processes.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Throughput beside each peer, then what an operation costs. */
function figuresOf(size: Size, ours: Server, all: ReadonlyMap<Server, Measured>, disk: number): readonly Figure[] {
  const own = all.get(ours);
  const peers = [...all].filter(([server]) => server !== ours);
  if (own === undefined) return [];
  return (['put', 'get'] as const).flatMap((action) => {
    const name = `${action.toUpperCase()} ${size.name}, ${size.atOnce} at once`;
    const aim = size.aims[action];
    const toUnit = size.bytes < mebibyte ? 1 : size.bytes / mebibyte;
    const unit = size.bytes < mebibyte ? 'a second' : 'MiB/s';
    const beside = [...peers.map(([server, measured]) => ({ name: server.name, value: measured[action].perSecond * toUnit })),
      ...(action === 'put' ? [{ name: 'the bare disk, written and flushed', value: disk * toUnit }] : [])];
    return [
      ...beside.map((peerSpeed, index) => figure({
        name, unit, better: 'higher', ours: own[action].perSecond * toUnit, peer: peerSpeed, ...(index === 0 && aim !== undefined ? { aim: { kind: 'ratio', value: aim } as const } : {}),
      })),
      ...peers.map(([server, measured]) => figure({
        name: `${name}: CPU of the servers an operation`, unit: 'ms', better: 'lower', ours: own[action].cpuMs, peer: { name: server.name, value: measured[action].cpuMs },
      })),
      figure({ name: `${name}: most resident memory of the door`, unit: 'MB', better: 'lower', ours: own[action].mostMb, aim: { kind: 'absolute', value: 200 } }),
    ];
  });
}

async function measure({ client, processes }: Server, { bytes, atOnce, seconds }: Size): Promise<Measured> {
  const body = randomBytes(bytes);
  let written = 0;
  const put = await speed(processes, atOnce, seconds, async () => {
    written += 1;
    await client.send('PUT', `/bench/object-${bytes}-${written}`, body);
  });
  let read = 0;
  const get = await speed(processes, atOnce, seconds, async () => {
    read += 1;
    const received = await client.send('GET', `/bench/object-${bytes}-${(read % written) + 1}`);
    if (received !== bytes) throw new RangeError(`${received} bytes came back of ${bytes}`);
  });
  return { put, get };
}

async function speed(processes: ServerProcesses, atOnce: number, seconds: number, work: () => Promise<void>): Promise<Speed> {
  await Promise.all(Array.from({ length: atOnce }, work));
  let done = 0;
  processes.forgetPeak();
  const cpuBefore = processes.cpuSeconds();
  const perSecond = await rate(atOnce, async () => {
    await work();
    done += 1;
    return 1;
  }, seconds);
  return { perSecond, cpuMs: ((processes.cpuSeconds() - cpuBefore) * 1000) / done, mostMb: processes.mostMb() };
}

/** Operations a second of writing so many bytes to a new file and flushing it. */
async function bareDisk(directory: string, { bytes, atOnce }: Size): Promise<number> {
  const body = randomBytes(bytes);
  let files = 0;
  return rate(atOnce, async () => {
    files += 1;
    const path = join(directory, `bare-${bytes}-${files}`);
    const file = await open(path, 'w');
    await file.write(body);
    await file.datasync();
    await file.close();
    await rm(path);
    return 1;
  });
}

export async function platform(directory: string): Promise<Server> {
  const { privateKey, publicKey } = newDeviceKey();
  const processes = new ServerProcesses();
  const postgres = await startPostgres({ directory: join(directory, 'postgres') });
  processes.watch(postgres.pid, () => postgres.stop());
  const told = await Promise.all(Array.from({ length: nodes }, (_, index) => (
    processes.start('storage-node.ts', [`node_${index}`, join(directory, `node_${index}`), publicKey]))));
  const task: DoorTask = {
    directory, postgres: postgres.url, privateKey, accessKeyId, secretAccessKey, nodes: told.map(({ nodeId = '', endpoint = '', publicKey: key = '' }) => ({ nodeId, endpoint, publicKey: key })),
  };
  const { url = '' } = await processes.start('storage-door.ts', [JSON.stringify(task)], 'main', { NODE_OPTIONS: doorEngineOptions });
  return { name: 'the door over six nodes', client: new StorageClient(url), processes };
}

async function peer(name: string, file: string, directory: string): Promise<Server | null> {
  const processes = new ServerProcesses();
  const { url = '' } = await processes.start(file, [directory, 'bench'], 'main');
  if (url !== '') return { name, client: new StorageClient(url), processes };
  await processes.close();
  return null;
}
