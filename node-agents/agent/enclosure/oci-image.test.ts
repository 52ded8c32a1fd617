import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileIn, imageOf, layerOf } from './fixture-image';
import { unpackImage } from './oci-image';
import { readTar } from './tar';

const roots: string[] = [];
afterAll(() => { for (const root of roots) rmSync(root, { recursive: true, force: true }); });
function newRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'oort-rootfs-'));
  roots.push(root);
  return root;
}

const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
const first = layerOf((folder) => {
  mkdirSync(join(folder, 'etc', 'old'), { recursive: true });
  writeFileSync(join(folder, 'etc', 'name'), 'first');
  writeFileSync(join(folder, 'etc', 'gone'), 'x');
  writeFileSync(join(folder, 'etc', 'old', 'file'), 'x');
  mkdirSync(join(folder, long), { recursive: true });
  writeFileSync(join(folder, long, 'far'), 'far');
});
const second = layerOf((folder) => {
  mkdirSync(join(folder, 'etc', 'old'), { recursive: true });
  writeFileSync(join(folder, 'etc', 'name'), 'second');
  writeFileSync(join(folder, 'etc', '.wh.gone'), '');
  writeFileSync(join(folder, 'etc', 'old', '.wh..wh..opq'), '');
});

describe('an OCI image', () => {
  it('becomes a root file system, upper layers over lower ones', () => {
    const root = newRoot();
    const config = unpackImage(imageOf({ command: ['/bin/x'], layers: [first, second] }), root);
    expect(config).toEqual({ entrypoint: [], command: ['/bin/x'], environment: ['GREETING=hello'], workingDirectory: '/job' });
    expect(fileIn(root, 'etc/name')).toBe('second');
    expect(fileIn(root, `${long}/far`)).toBe('far');
    expect(['etc/gone', 'etc/old/file'].filter((path) => existsSync(join(root, path)))).toEqual([]);
  });

  it('is refused when a blob is not what its name says, or it is for other machines', () => {
    expect(() => unpackImage(imageOf({ command: [], layers: [first], spoil: true }), newRoot())).toThrow(expect.objectContaining({ code: 'IMAGE_REFUSED' }));
    expect(() => unpackImage(imageOf({ command: [], layers: [first], architecture: 's390x' }), newRoot())).toThrow(expect.objectContaining({ code: 'IMAGE_REFUSED' }));
    expect(() => unpackImage(Buffer.from('noise'.repeat(500)), newRoot())).toThrow(expect.objectContaining({ code: 'TAR_CORRUPT' }));
  });

  it('writes through no link that one of its layers laid', () => {
    const outside = newRoot();
    const trap = layerOf((folder) => { symlinkSync(outside, join(folder, 'way')); });
    const through = layerOf((folder) => {
      mkdirSync(join(folder, 'way'));
      writeFileSync(join(folder, 'way', 'escaped'), 'x');
    });
    unpackImage(imageOf({ command: [], layers: [trap, through] }), newRoot());
    expect(existsSync(join(outside, 'escaped'))).toBe(false);
    const named = Buffer.from(layerOf((folder) => { writeFileSync(join(folder, 'aaaaaaaaaa'), 'x'); }));
    const climbing = Buffer.from(named.toString('latin1').replaceAll('./aaaaaaaaaa', '../../../../'.padEnd(12, 'x')), 'latin1');
    expect(() => [...readTar(climbing)]).toThrow(expect.objectContaining({ code: 'TAR_CORRUPT' }));
  });
});
