import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from './index';

test('a server that outlived its parent is adopted, kept data included; another port replaces it; stop ends it', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'oort-postgres-')), 'postgres');
  const script = `require('./index').startPostgres({ directory: ${JSON.stringify(directory)} })
    .then((server) => { console.log(JSON.stringify(server)); process.kill(process.pid, 'SIGKILL'); })`;
  let printed = '';
  try {
    execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { cwd: __dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    printed = (error as { stdout: string }).stdout;
  }
  const orphan = JSON.parse(printed) as { url: string; pid: number };

  const adopted = await startPostgres({ directory });
  expect({ url: adopted.url, pid: adopted.pid }).toEqual({ url: orphan.url, pid: orphan.pid });
  await query(adopted.url, 'CREATE TABLE kept (n integer)');

  const moved = await startPostgres({ directory, port: await freePort() });
  expect(moved.pid).not.toBe(orphan.pid);
  expect(await query(moved.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);

  await moved.stop();
  await expect(query(moved.url, 'SELECT 1')).rejects.toThrow();
  rmSync(moved.directory, { recursive: true });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => { resolve(port); });
    });
  });
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
