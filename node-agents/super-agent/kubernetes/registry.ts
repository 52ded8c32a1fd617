// Puts a job's image where the cluster pulls from: the push half of the OCI distribution spec 1.1 (end-4b, end-7), by digest.
import { Fault, sha256Hex } from '@oort/kernel-wire';
import { readTar } from '@oort/node-agents-agent/enclosure/tar';

export class RegistryRefused extends Fault {
  constructor(message: string) { super('REGISTRY_REFUSED', message); }
}

interface Descriptor { readonly mediaType: string; readonly digest: string }
interface Manifest { readonly config?: Descriptor; readonly layers?: readonly Descriptor[]; readonly manifests?: readonly Descriptor[] }

/** `registry` is http(s)://host[:port]; `archive` a tar of an OCI image layout. The reference is by digest, so nobody swaps the image. */
export async function pushImage(registry: string, repository: string, archive: Buffer): Promise<string> {
  const blobs = new Map<string, Buffer>();
  for (const { path, kind, bytes } of readTar(archive)) if (kind === 'file') blobs.set(path.replace(/^\.\//, ''), bytes);
  const index = blobs.get('index.json');
  if (index === undefined) throw new RegistryRefused('the archive is no OCI image layout');
  const base = `${registry}/v2/${repository}`;
  const blobOf = ({ digest }: Descriptor): Buffer => {
    const bytes = blobs.get(`blobs/${digest.replace(':', '/')}`);
    if (bytes === undefined || `sha256:${sha256Hex(bytes)}` !== digest) throw new RegistryRefused(`the image lacks ${digest}, or it is not what its name says`);
    return bytes;
  };
  const pushManifest = async (bytes: Buffer, mediaType: string): Promise<string> => {
    const { config, layers = [], manifests = [] } = JSON.parse(bytes.toString('utf8')) as Manifest;
    for (const blob of [...(config === undefined ? [] : [config]), ...layers]) await pushBlob(base, blob.digest, blobOf(blob));
    for (const inner of manifests) await pushManifest(blobOf(inner), inner.mediaType);
    const digest = `sha256:${sha256Hex(bytes)}`;
    await asked('PUT', `${base}/manifests/${digest}`, bytes, mediaType);
    return digest;
  };
  const digest = await pushManifest(index, 'application/vnd.oci.image.index.v1+json');
  return `${new URL(registry).host}/${repository}@${digest}`;
}

async function pushBlob(base: string, digest: string, bytes: Buffer): Promise<void> {
  const there = await fetch(`${base}/blobs/${digest}`, { method: 'HEAD', signal: AbortSignal.timeout(30_000) });
  if (there.ok) return;
  const session = await asked('POST', `${base}/blobs/uploads/`, Buffer.alloc(0), 'application/octet-stream');
  const place = new URL(session.headers.get('location') ?? '', `${base}/`);
  place.searchParams.set('digest', digest);
  await asked('PUT', place.href, bytes, 'application/octet-stream');
}

async function asked(method: string, url: string, body: Buffer, type: string): Promise<Response> {
  const response = await fetch(url, { method, body, headers: { 'content-type': type }, signal: AbortSignal.timeout(300_000) });
  if (!response.ok) throw new RegistryRefused(`${method} ${new URL(url).pathname} was answered with ${response.status}`);
  return response;
}
