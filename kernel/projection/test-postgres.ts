// For tests: one server per jest worker, from a template cluster made once per machine, and a fresh database each.
// The server lives in memory-like settings (no fsync) and ends with the worker, even when that is killed.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chownTree, clusterUser } from './cluster-user';
import { createDatabase, dropDatabase } from './database';
import { startPostgres, type Postgres } from './postgres';

export interface TestDatabase {
  readonly url: string;
  /** Drops the database; the server stays for the worker's next test. */
  stop(): Promise<void>;
}

const root = join(tmpdir(), `oort-test-postgres-${process.getuid?.() ?? 'user'}`);
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

export async function testPostgres(): Promise<TestDatabase> {
  const server = await workerServer();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createDatabase(server.url, name);
  return { url, stop: () => dropDatabase(server.url, name) };
}

async function workerServer(): Promise<Postgres> {
  const directory = join(root, `worker-${process.pid}`);
  const fresh = !existsSync(directory);
  if (fresh) {
    await makeTemplate();
    const aside = join(root, randomUUID());
    cpSync(join(root, 'template'), aside, { recursive: true });
    const user = clusterUser();
    if (user !== null) chownTree(aside, user);
    renameSync(aside, directory);
  }
  const server = await startPostgres({ directory, settings });
  if (fresh) endWith(process.pid, server.pid, directory);
  return server;
}

async function makeTemplate(): Promise<void> {
  if (existsSync(join(root, 'template'))) return;
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const aside = join(root, randomUUID());
  await (await startPostgres({ directory: aside, settings })).stop();
  try {
    renameSync(aside, join(root, 'template'));
  } catch {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** A watcher of its own, because nothing inside a killed worker could stop the server. */
function endWith(workerPid: number, serverPid: number, directory: string): void {
  const script = 'while kill -0 "$0" 2>/dev/null; do sleep 1; done; kill -INT "$1"; '
    + 'while kill -0 "$1" 2>/dev/null; do sleep 0.2; done; rm -rf "$2"';
  spawn('sh', ['-c', script, String(workerPid), String(serverPid), directory], { detached: true, stdio: 'ignore' }).unref();
}
