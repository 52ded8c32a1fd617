// An OCI image layout in one tar, made of this machine's own shell and what it is linked to.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256Hex } from '@oort/kernel-wire';

export interface ImageOptions { readonly command: readonly string[]; readonly layers?: readonly Buffer[]; readonly architecture?: string; readonly spoil?: boolean }

/** A layer as a directory's tar. */
export function layerOf(fill: (folder: string) => void): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'oort-layer-'));
  try {
    fill(folder);
    return execFileSync('tar', ['--create', '--file', '-', '--directory', folder, '.'], { maxBuffer: 256 * 1024 * 1024 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function shellLayer(): Buffer {
  const programs = ['sh', 'cat', 'sleep', 'head', 'id', 'rm'].map((name) => execFileSync('which', [name], { encoding: 'utf8' }).trim());
  const libraries = programs.flatMap((program) => [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path));
  return layerOf((folder) => {
    for (const path of new Set([...programs, ...libraries])) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(realpathSync(path), join(folder, path));
    }
    if (programs[0] !== '/bin/sh') {
      mkdirSync(join(folder, 'bin'), { recursive: true });
      cpSync(realpathSync(programs[0] ?? '/bin/sh'), join(folder, 'bin', 'sh'));
    }
  });
}

export function imageOf({ command, layers = [shellLayer()], architecture = process.arch === 'x64' ? 'amd64' : process.arch, spoil = false }: ImageOptions): Buffer {
  const blobs = new Map<string, Buffer>();
  const add = (bytes: Buffer, mediaType: string): object => {
    const hash = sha256Hex(bytes);
    blobs.set(hash, spoil && mediaType.includes('layer') ? Buffer.concat([bytes, Buffer.from('x')]) : bytes);
    return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
  };
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  const config = add(json({ config: { Cmd: command, Env: ['GREETING=hello'], WorkingDir: '/job' } }), 'application/vnd.oci.image.config.v1+json');
  const described = layers.map((layer, index) => (
    index % 2 === 0 ? add(gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip') : add(layer, 'application/vnd.oci.image.layer.v1.tar')));
  const manifest = add(json({ schemaVersion: 2, config, layers: described }), 'application/vnd.oci.image.manifest.v1+json');
  return layerOf((folder) => {
    mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true });
    for (const [hash, bytes] of blobs) writeFileSync(join(folder, 'blobs', 'sha256', hash), bytes);
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, platform: { architecture, os: 'linux' } }] }));
  });
}

export function fileIn(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}
