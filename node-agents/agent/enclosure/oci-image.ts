// An OCI image layout in one tar becomes a root file system (OCI image spec 1.1: layout, manifest, layer changesets). Every blob is
// checked against its digest, and no entry is written through a link or outside of the root.
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync, copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Fault, sha256Hex } from '@oort/kernel-wire';
import { readTar, type TarEntry } from './tar';

export class ImageRefused extends Fault {
  constructor(message: string) { super('IMAGE_REFUSED', message); }
}

export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly workingDirectory: string;
}

interface Descriptor { readonly mediaType: string; readonly digest: string; readonly platform?: { readonly architecture: string; readonly os: string } }

/** The largest root file system. */
export const largestImageMb = 4096;
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };

/** Fills `root`, which is empty. Throws ImageRefused, TarCorrupt. */
export function unpackImage(archive: Buffer, root: string): ImageConfig {
  const blobs = new Map<string, Buffer>();
  for (const { path, kind, bytes } of readTar(archive)) if (kind === 'file') blobs.set(path.replace(/^\.\//, ''), bytes);
  const index = jsonOf<{ readonly manifests: readonly Descriptor[] }>(blobs.get('index.json'), 'index.json');
  const manifest = manifestOf(index.manifests, blobs);
  const { config = {} } = jsonOf<{ readonly config?: Readonly<Record<string, unknown>> }>(blobOf(blobs, manifest.config), 'the config');
  let room = largestImageMb * 1024 * 1024;
  for (const layer of manifest.layers) {
    const bytes = expanded(layer, blobOf(blobs, layer), room);
    room -= bytes.length;
    for (const entry of readTar(bytes)) place(root, entry);
  }
  const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
  return {
    entrypoint: texts(config['Entrypoint']), command: texts(config['Cmd']), environment: texts(config['Env']),
    workingDirectory: typeof config['WorkingDir'] === 'string' && config['WorkingDir'] !== '' ? config['WorkingDir'] : '/',
  };
}

function manifestOf(manifests: readonly Descriptor[], blobs: ReadonlyMap<string, Buffer>): { readonly config: Descriptor; readonly layers: readonly Descriptor[] } {
  const wanted = manifests.find(({ platform }) => platform === undefined || (platform.os === 'linux' && platform.architecture === architectures[process.arch]));
  if (wanted === undefined) throw new ImageRefused(`the image is not for linux on ${process.arch}`);
  if (wanted.mediaType.includes('index')) return manifestOf(jsonOf<{ readonly manifests: readonly Descriptor[] }>(blobOf(blobs, wanted), 'an index').manifests, blobs);
  return jsonOf(blobOf(blobs, wanted), 'the manifest');
}

function blobOf(blobs: ReadonlyMap<string, Buffer>, { digest }: Descriptor): Buffer {
  const [algorithm = '', hash = ''] = digest.split(':');
  const bytes = blobs.get(`blobs/${algorithm}/${hash}`);
  if (algorithm !== 'sha256' || bytes === undefined) throw new ImageRefused(`the image lacks ${digest}`);
  if (sha256Hex(bytes) !== hash) throw new ImageRefused(`${digest} is not what its name says`);
  return bytes;
}

function jsonOf<T>(bytes: Buffer | undefined, what: string): T {
  try {
    return JSON.parse((bytes ?? Buffer.alloc(0)).toString('utf8')) as T;
  } catch {
    throw new ImageRefused(`${what} of the image cannot be read`);
  }
}

function expanded({ mediaType }: Descriptor, bytes: Buffer, room: number): Buffer {
  if (mediaType.endsWith('+zstd')) throw new ImageRefused('layers are plain or gzipped; zstd is not read here');
  try {
    if (mediaType.endsWith('+gzip') || mediaType.endsWith('.tar.gzip')) return gunzipSync(bytes, { maxOutputLength: room });
  } catch (error) {
    throw new ImageRefused(`a layer cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  }
  return bytes;
}

/** Layer changesets: a file `.wh.x` takes x away, `.wh..wh..opq` all that lower layers put there. */
function place(root: string, { path, kind, mode, target, bytes }: TarEntry): void {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw new ImageRefused(`${path} leads out of the image`);
  const name = parts.pop();
  if (name === undefined) return;
  const folder = realFolder(root, parts);
  if (name === '.wh..wh..opq') return readdirSync(folder).forEach((one) => { rmSync(join(folder, one), { recursive: true, force: true }); });
  if (name.startsWith('.wh.')) return rmSync(join(folder, name.slice(4)), { recursive: true, force: true });
  const full = join(folder, name);
  const before = lstatSync(full, { throwIfNoEntry: false });
  if (kind === 'directory') {
    if (before?.isDirectory() !== true) {
      rmSync(full, { recursive: true, force: true });
      mkdirSync(full);
    }
    return chmodSync(full, mode | 0o700);
  }
  rmSync(full, { recursive: true, force: true });
  if (kind === 'file') writeFileSync(full, bytes, { mode: mode | 0o400 });
  if (kind === 'symlink') symlinkSync(target, full);
  if (kind === 'hardlink') copyLinked(root, target, full);
}

/** The folder itself, made where it is missing; a link on the way is an attempt to write elsewhere. */
function realFolder(root: string, parts: readonly string[]): string {
  let place = root;
  for (const part of parts) {
    place = join(place, part);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined) mkdirSync(place);
    else if (!found.isDirectory()) throw new ImageRefused(`${place.slice(root.length)} is used as a folder and is none`);
  }
  return place;
}

function copyLinked(root: string, target: string, full: string): void {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const name = parts.pop() ?? '';
  const source = join(realFolder(root, parts), name);
  if (parts.includes('..') || !existsSync(source) || !lstatSync(source).isFile()) throw new ImageRefused(`${target} is linked to and is no file`);
  mkdirSync(dirname(full), { recursive: true });
  copyFileSync(source, full);
}
