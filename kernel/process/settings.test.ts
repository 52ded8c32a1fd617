import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newDeviceKey } from '@oort/kernel-identity';
import { Settings } from './settings';

const directory = mkdtempSync(join(tmpdir(), 'oort-settings-'));
afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

function kept(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

describe('settings', () => {
  const key = newDeviceKey();

  it('are read', () => {
    const settings = new Settings({
      TEXT: ' a ', PORT: '0', URL: 'esdb://127.0.0.1:2113?tls=false', KEY: kept('key', JSON.stringify(key)), PUBLIC: kept('public', `${key.publicKey}\n`), EMPTY: '',
    });
    expect(settings.text('TEXT')).toBe('a');
    expect(settings.optional('EMPTY')).toBeNull();
    expect(settings.port('PORT')).toBe(0);
    expect(settings.port('OTHER', 4000)).toBe(4000);
    expect(settings.url('URL', 'esdb')).toBe('esdb://127.0.0.1:2113?tls=false');
    expect(settings.deviceKey('KEY')).toEqual(key);
    expect(settings.publicKey('PUBLIC')).toBe(key.publicKey);
  });

  it.each<[string, string | undefined, (settings: Settings) => unknown]>([
    ['is not set', undefined, (settings) => settings.text('X')],
    ['is not set', '', (settings) => settings.file('X')],
    ['is not a port: 70000', '70000', (settings) => settings.port('X')],
    ['is not a whole number: 4k', '4k', (settings) => settings.port('X')],
    ['is not a postgres or postgresql address', 'mysql://me:secret@host', (settings) => settings.url('X', 'postgres', 'postgresql')],
    ['is not a postgres address', 'secret', (settings) => settings.url('X', 'postgres')],
    ['cannot be read: ENOENT at /nowhere', '/nowhere', (settings) => settings.file('X')],
    ['holds no key pair', kept('none', '{"publicKey":"1"}'), (settings) => settings.deviceKey('X')],
    ['holds no key pair', kept('null', 'null'), (settings) => settings.deviceKey('X')],
    ['holds no public key', kept('short', 'abc'), (settings) => settings.publicKey('X')],
  ])('are refused by name: X %s', (why, value, read) => {
    expect(() => read(new Settings({ X: value }))).toThrow(`X ${why}`);
  });
});
