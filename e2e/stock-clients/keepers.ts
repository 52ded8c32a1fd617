// A backup that checks itself, and a file system over a bucket.
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, same, sha256, treeOf, versionOf, writeTree, type StockClient } from './client';

export const restic: StockClient = {
  name: 'restic',
  version: () => versionOf('restic', ['version']),
  tasks(place) {
    const [here, back] = [join(place.directory, 'here'), join(place.directory, 'back')];
    writeTree(here);
    const env = {
      RESTIC_REPOSITORY: `s3:${place.url}/restic/backups`, RESTIC_PASSWORD: 'stock clients', RESTIC_CACHE_DIR: join(place.directory, 'cache'),
      AWS_ACCESS_KEY_ID: place.accessKeyId, AWS_SECRET_ACCESS_KEY: place.secretAccessKey,
    };
    const go = (...args: readonly string[]): Promise<string> => run('restic', args, env);
    return [
      { name: 'init', run: async () => { await go('init'); } },
      { name: 'backup', run: async () => { await go('backup', here); } },
      { name: 'backup of a change', run: async () => { writeFileSync(join(here, 'plain.txt'), 'changed'); rmSync(join(here, 'deep'), { recursive: true }); await go('backup', here); } },
      { name: 'snapshots', run: async () => { same('snapshots', (JSON.parse(await go('snapshots', '--json')) as readonly unknown[]).length, 2); } },
      { name: 'check --read-data', run: async () => { await go('check', '--read-data'); } },
      { name: 'restore', run: async () => { await go('restore', 'latest', '--target', back); same('tree', treeOf(join(back, here)), treeOf(here)); } },
      { name: 'forget --prune', run: async () => { await go('forget', '--keep-last', '1', '--prune', '--max-unused', '0'); } },
      { name: 'check after prune', run: async () => { await go('check', '--read-data'); } },
      { name: 'unlock', run: async () => { await go('unlock'); } },
    ];
  },
};

export const s3fs: StockClient = {
  name: 's3fs',
  // Without the device there is nothing to mount.
  version: async () => (existsSync('/dev/fuse') ? versionOf('s3fs') : null),
  tasks(place) {
    const [mount, secret] = [join(place.directory, 'mount'), join(place.directory, 'secret')];
    const bytes = Buffer.alloc(12 * 1024 * 1024 + 7, 'file system');
    return [
      { name: 'mount', run: async () => {
        mkdirSync(mount);
        writeFileSync(secret, `${place.accessKeyId}:${place.secretAccessKey}`, { mode: 0o600 });
        await run('aws', ['--endpoint-url', place.url, 's3', 'mb', 's3://s3fs'], { AWS_ACCESS_KEY_ID: place.accessKeyId, AWS_SECRET_ACCESS_KEY: place.secretAccessKey, AWS_DEFAULT_REGION: 'us-east-1' });
        await run('s3fs', ['s3fs', mount, '-o', `url=${place.url}`, '-o', 'use_path_request_style', '-o', `passwd_file=${secret}`, '-o', 'multipart_size=5']);
      } },
      { name: 'write, read', run: async () => { mkdirSync(join(mount, 'a folder')); writeFileSync(join(mount, 'a folder', 'big'), bytes); same('bytes', sha256(readFileSync(join(mount, 'a folder', 'big'))), sha256(bytes)); await Promise.resolve(); } },
      { name: 'append', run: async () => { appendFileSync(join(mount, 'a folder', 'big'), 'more'); same('size', readFileSync(join(mount, 'a folder', 'big')).length, bytes.length + 4); await Promise.resolve(); } },
      { name: 'rename, list', run: async () => { renameSync(join(mount, 'a folder', 'big'), join(mount, 'moved')); same('names', readdirSync(mount).sort(), ['a folder', 'moved']); await Promise.resolve(); } },
      { name: 'remove', run: async () => { rmSync(join(mount, 'a folder'), { recursive: true }); rmSync(join(mount, 'moved')); same('names', readdirSync(mount), []); await Promise.resolve(); } },
      { name: 'unmount', run: async () => { await run('fusermount', ['-u', mount]); } },
    ];
  },
};
