import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveEvents } from './eventstore';

const directory = mkdtempSync(join(tmpdir(), 'oort-serve-'));
const users = join(directory, 'users.json');
const serve = (...options: readonly string[]): Promise<void> => serveEvents(['--grpc', '0', '--data', directory, ...options]);

afterAll(() => { rmSync(directory, { recursive: true }); });

test('a user is added with the password from stdin, which is shown nowhere', () => {
  const added = spawnSync(process.execPath, ['--require', 'tsx/cjs', join(__dirname, 'main.ts'), 'eventstore', 'user', 'add', 'ann', '--users', users, '--groups', '$ops, writers'], {
    input: 'my secret\n', encoding: 'utf8', cwd: join(__dirname, '..'),
  });
  expect(added).toMatchObject({ status: 0, stdout: `ann may sign in, in $ops, writers; ${users}\n` });
  expect(JSON.parse(readFileSync(users, 'utf8'))).toMatchObject({ ann: { groups: ['$ops', 'writers'] } });
  expect(readFileSync(users, 'utf8')).not.toContain('my secret');
});

test('half of what a guarded door needs is refused before anything is opened', async () => {
  const cert = join(directory, 'cert.pem');
  writeFileSync(cert, 'no certificate');
  await expect(serve('--users', users)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(serve('--tls-cert', cert)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(serve('--tls-cert', cert, '--tls-key', join(directory, 'none.pem'))).rejects.toMatchObject({ code: 'USAGE' });
  await expect(serve('--tls-cert', cert, '--tls-key', cert)).rejects.toMatchObject({ code: 'TLS_REFUSED' });
  await expect(serve('--tls-cert', cert, '--tls-key', cert, '--users', cert)).rejects.toMatchObject({ code: 'USERS_REFUSED' });
});
