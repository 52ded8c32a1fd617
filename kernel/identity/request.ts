// A node proves itself on every request: an Ed25519 signature over method, path, node, time and the body's hash.
import { sha256Hex } from '@oort/kernel-wire';
import { signWith, verifySignature, type DeviceKey } from './device-key';

/** A captured request is worth nothing after this; clocks may differ by as much. */
const toleranceMs = 5 * 60_000;

export interface RequestToSign {
  readonly nodeId: string;
  readonly key: DeviceKey;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array | string;
  readonly now: Date;
}

export interface SignedHeaders extends Record<string, string> {
  readonly 'x-oort-node': string;
  readonly 'x-oort-time': string;
  readonly 'x-oort-signature': string;
}

export function signRequest({ nodeId, key, method, path, body, now }: RequestToSign): SignedHeaders {
  const time = now.toISOString();
  const signature = signWith(key, textOf(nodeId, time, method, path, body));
  return { 'x-oort-node': nodeId, 'x-oort-time': time, 'x-oort-signature': signature };
}

export interface RequestToVerify {
  /** As node:http gives them, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array | string;
  readonly publicKey: string;
  readonly now: Date;
}

export function verifyRequest({ headers, method, path, body, publicKey, now }: RequestToVerify): boolean {
  const { 'x-oort-node': nodeId, 'x-oort-time': time, 'x-oort-signature': signature } = headers;
  if (typeof nodeId !== 'string' || typeof time !== 'string' || typeof signature !== 'string') return false;
  const skewMs = Math.abs(now.getTime() - Date.parse(time));
  if (!(skewMs <= toleranceMs)) return false;
  return verifySignature(publicKey, textOf(nodeId, time, method, path, body), signature);
}

function textOf(nodeId: string, time: string, method: string, path: string, body: Uint8Array | string): string {
  return ['oort-request-v1', method.toUpperCase(), path, nodeId, time, sha256Hex(body)].join('\n');
}
