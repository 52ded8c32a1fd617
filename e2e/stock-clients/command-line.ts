// Everyday work of the clients that Debian packages: copy there, list, copy back, compare, delete.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, same, treeOf, versionOf, writeTree, type StockClient, type Workplace } from './client';

export const rclone: StockClient = {
  name: 'rclone',
  version: () => versionOf('rclone'),
  tasks(place) {
    const env = {
      RCLONE_CONFIG: join(place.directory, 'rclone.conf'), RCLONE_CONFIG_OORT_TYPE: 's3', RCLONE_CONFIG_OORT_PROVIDER: 'Other', RCLONE_CONFIG_OORT_ENDPOINT: place.url,
      RCLONE_CONFIG_OORT_ACCESS_KEY_ID: place.accessKeyId, RCLONE_CONFIG_OORT_SECRET_ACCESS_KEY: place.secretAccessKey, RCLONE_CONFIG_OORT_FORCE_PATH_STYLE: 'true',
    };
    const { here, back } = folders(place);
    const go = (...args: readonly string[]): Promise<string> => run('rclone', args, env);
    return [
      { name: 'mkdir', run: async () => { await go('mkdir', 'oort:rclone'); } },
      { name: 'sync there', run: async () => { await go('sync', '--s3-upload-cutoff', '8M', '--s3-chunk-size', '5M', here, 'oort:rclone/tree'); } },
      { name: 'check by download', run: async () => { await go('check', '--download', here, 'oort:rclone/tree'); } },
      { name: 'sync again moves nothing', run: async () => { same('moved', (await go('sync', '--dry-run', '--use-json-log', here, 'oort:rclone/tree')).includes('Skipped copy'), false); } },
      { name: 'lsf', run: async () => { same('files', (await go('lsf', '-R', '--files-only', 'oort:rclone/tree')).trim().split('\n').length, treeOf(here).length); } },
      { name: 'server-side move', run: async () => { await go('moveto', 'oort:rclone/tree/plain.txt', 'oort:rclone/tree/moved.txt'); await go('moveto', 'oort:rclone/tree/moved.txt', 'oort:rclone/tree/plain.txt'); } },
      { name: 'sync back', run: async () => { await go('sync', 'oort:rclone/tree', back); same('tree', treeOf(back), treeOf(here)); } },
      { name: 'purge', run: async () => { await go('purge', 'oort:rclone'); } },
    ];
  },
};

export const s3cmd: StockClient = {
  name: 's3cmd',
  version: () => versionOf('s3cmd'),
  tasks(place) {
    const { host } = new URL(place.url);
    const { here, back } = folders(place);
    const config = join(place.directory, 's3cfg');
    writeFileSync(config, ['[default]', `access_key = ${place.accessKeyId}`, `secret_key = ${place.secretAccessKey}`, `host_base = ${host}`, `host_bucket = ${host}`, 'use_https = False', ''].join('\n'));
    const go = (...args: readonly string[]): Promise<string> => run('s3cmd', ['--config', config, '--no-progress', ...args]);
    return [
      { name: 'mb', run: async () => { await go('mb', 's3://s3cmd'); } },
      { name: 'sync there', run: async () => { await go('sync', '--multipart-chunk-size-mb=5', `${here}/`, 's3://s3cmd/tree/'); } },
      { name: 'ls', run: async () => { same('files', (await go('ls', '--recursive', 's3://s3cmd/tree/')).trim().split('\n').length, treeOf(here).length); } },
      { name: 'sync again moves nothing', run: async () => { same('moved', (await go('sync', '--dry-run', `${here}/`, 's3://s3cmd/tree/')).includes('upload:'), false); } },
      // Without a word on the list s3cmd before 2.4 copies it, which Amazon S3 refuses too where lists do not count.
      { name: 'cp, mv, info', run: async () => { await go('cp', '--acl-private', 's3://s3cmd/tree/plain.txt', 's3://s3cmd/a b'); await go('mv', '--acl-private', 's3://s3cmd/a b', 's3://s3cmd/c+d'); await go('info', 's3://s3cmd/c+d'); } },
      { name: 'sync back', run: async () => { await go('sync', 's3://s3cmd/tree/', `${back}/`); same('tree', treeOf(back), treeOf(here)); } },
      { name: 'rb with all in it', run: async () => { await go('rb', '--recursive', '--force', 's3://s3cmd'); } },
    ];
  },
};

export const awscli: StockClient = {
  name: 'awscli',
  version: () => versionOf('aws'),
  tasks(place) {
    const { here, back } = folders(place);
    const env = {
      AWS_ACCESS_KEY_ID: place.accessKeyId, AWS_SECRET_ACCESS_KEY: place.secretAccessKey, AWS_DEFAULT_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: join(place.directory, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(place.directory, 'none'), AWS_PAGER: '', LC_ALL: 'C.UTF-8', PYTHONUTF8: '1',
    };
    const go = (...args: readonly string[]): Promise<string> => run('aws', ['--endpoint-url', place.url, ...args], env);
    const api = (...args: readonly string[]): Promise<string> => go('s3api', ...args);
    return [
      { name: 's3 mb', run: async () => { await go('s3', 'mb', 's3://awscli'); } },
      { name: 's3 sync there', run: async () => { await go('s3', 'sync', here, 's3://awscli/tree'); } },
      { name: 's3 ls', run: async () => { same('files', (await go('s3', 'ls', '--recursive', 's3://awscli/tree')).trim().split('\n').length, treeOf(here).length); } },
      { name: 's3 sync again moves nothing', run: async () => { same('moved', await go('s3', 'sync', '--size-only', here, 's3://awscli/tree'), ''); } },
      { name: 's3 cp, mv', run: async () => { await go('s3', 'cp', 's3://awscli/tree/big.bin', 's3://awscli/copy.bin'); await go('s3', 'mv', 's3://awscli/copy.bin', 's3://awscli/moved.bin'); } },
      { name: 'range and checksum', run: async () => {
        await api('put-object', '--bucket', 'awscli', '--key', 'sum', '--body', join(here, 'plain.txt'), '--checksum-algorithm', 'SHA256');
        await api('get-object', '--bucket', 'awscli', '--key', 'sum', '--checksum-mode', 'ENABLED', join(place.directory, 'sum'));
        same('head', (await api('head-object', '--bucket', 'awscli', '--key', 'sum', '--query', 'ContentLength')).trim(), '5');
      } },
      { name: 's3 sync back', run: async () => { await go('s3', 'sync', 's3://awscli/tree', back); same('tree', treeOf(back), treeOf(here)); } },
      { name: 's3 rb with all in it', run: async () => { await go('s3', 'rb', '--force', 's3://awscli'); } },
    ];
  },
};

function folders({ directory }: Workplace): { readonly here: string; readonly back: string } {
  const [here, back] = [join(directory, 'here'), join(directory, 'back')];
  for (const folder of [here, back]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  writeTree(here);
  return { here, back };
}
