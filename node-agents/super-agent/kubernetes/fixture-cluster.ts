// A small HTTP server that answers as an API server and a registry do, and remembers what it was asked: what the official client
// puts on the wire is what is under test.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256Hex } from '@oort/kernel-wire';

export interface Asked { readonly method: string; readonly path: string; readonly authorization: string | null; readonly body: Buffer }

export interface Cluster {
  readonly url: string;
  readonly asked: Asked[];
  /** What the registry was given, by digest. */
  readonly blobs: ReadonlyMap<string, Buffer>;
  /** JSON sent by the client, of the first such request. */
  sent(method: string, path: string): Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

export interface Play {
  /** What the kubelet says of the pod, one a look; the last stays. */
  readonly pods: readonly object[];
  readonly job?: object;
  readonly logs?: Readonly<Record<string, string>>;
  /** "METHOD path" -> status, in place of an answer. */
  readonly broken?: Readonly<Record<string, number>>;
}

export async function startCluster({ pods, job = {}, logs = {}, broken = {} }: Play): Promise<Cluster> {
  const asked: Asked[] = [];
  const blobs = new Map<string, Buffer>();
  let looks = 0;

  function answer({ method, path, body }: Asked): { readonly status: number; readonly body: object | string; readonly headers?: Readonly<Record<string, string>> } {
    const status = broken[`${method} ${path.split('?')[0] ?? ''}`];
    if (status !== undefined) return { status, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status } };
    const url = new URL(path, 'http://cluster');
    if (path.startsWith('/v2/')) return registry(method, url, body);
    if (url.pathname.endsWith('/log')) return { status: 200, body: logs[url.searchParams.get('container') ?? ''] ?? '' };
    if (method === 'GET' && url.pathname.endsWith('/pods')) {
      looks += 1;
      return { status: 200, body: { kind: 'PodList', apiVersion: 'v1', items: [{ metadata: { name: 'pod-1' }, status: pods[Math.min(looks - 1, pods.length - 1)] ?? {} }] } };
    }
    if (method === 'GET' && url.pathname.endsWith('/status')) return { status: 200, body: { kind: 'Job', apiVersion: 'batch/v1', status: looks >= pods.length ? job : {} } };
    if (method === 'DELETE') return { status: 200, body: { kind: 'Status', apiVersion: 'v1', status: 'Success' } };
    return { status: 201, body: JSON.parse(body.toString()) as object };
  }

  function registry(method: string, url: URL, body: Buffer): { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> } {
    if (method === 'HEAD') return { status: blobs.has(url.pathname.split('/').at(-1) ?? '') ? 200 : 404, body: '' };
    if (method === 'POST') return { status: 202, body: '', headers: { location: `${url.pathname}session-1?state=a` } };
    blobs.set(url.searchParams.get('digest') ?? url.pathname.split('/').at(-1) ?? '', body);
    return { status: 201, body: '' };
  }

  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const one: Asked = { method: request.method ?? '', path: request.url ?? '', authorization: request.headers.authorization ?? null, body: Buffer.concat(parts) };
      asked.push(one);
      const { status, body, headers = {} } = answer(one);
      const isText = typeof body === 'string';
      response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers }).end(isText ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, blobs,
    sent(method, path) {
      const found = asked.find((one) => one.method === method && one.path.split('?')[0] === path);
      return JSON.parse(found?.body.toString() ?? '{}') as Readonly<Record<string, unknown>>;
    },
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${sha256Hex(bytes)}`;
}
