// Fetches a version from a platform, verifies it, and keeps it in a folder from which it runs without one. For Node.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as onnx from 'onnxruntime-node';
import { Fault } from '@oort/kernel-wire/fault';
import { OfflineModel } from './offline-model';
import { ReleaseRefused, verifyModelFile, verifyRelease, type Release, type SignedRelease } from './release';

export class PullRefused extends Fault {
  constructor(message: string) { super('PULL_REFUSED', message); }
}

export interface PullOptions {
  readonly versionId: string;
  /** Address of the platform's GraphQL door and of its ingest door, without a path. */
  readonly platform: string;
  readonly ingest: string;
  /** Of a session, for a version that is not open to all. */
  readonly token?: string;
  /** Ed25519, hex. Without one, the key that the platform names is believed this once and kept: what comes later must be signed by it. */
  readonly trustedKey?: string;
  /** A folder for all versions. */
  readonly folder: string;
  readonly now?: () => Date;
}

export interface Pulled { readonly release: Release; readonly folder: string; readonly trustedKey: string }

const releaseQuery = 'query Release($id: ID!) { modelRelease(versionId: $id) { release signature publicKey } }';

/** Throws PullRefused for what the platform does not give, ReleaseRefused for what does not hold. Nothing is kept before all of it holds. */
export async function pullModel({ versionId, platform, ingest, token, trustedKey, folder, now = () => new Date() }: PullOptions): Promise<Pulled> {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const answer = await reach(`${platform}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: releaseQuery, variables: { id: versionId } }) });
  const { data, errors } = await answer.json().catch(() => { throw new PullRefused(`${platform} is no platform: it answers ${answer.status} and no JSON`); }) as { readonly data?: { readonly modelRelease: SignedRelease | null }; readonly errors?: readonly { readonly message: string }[] };
  const signed = data?.modelRelease;
  if (signed == null) throw new PullRefused(errors?.[0]?.message ?? `there is no version ${versionId}`);
  const key = trustedKey ?? keptKey(folder) ?? signed.publicKey;
  const release = verifyRelease(signed, key, now());
  if (release.versionId !== versionId) throw new ReleaseRefused('the release is of another version');
  const file = await reach(`${ingest}/content/${release.modelContentId}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  if (!file.ok) throw new PullRefused(file.status === 401 ? 'the version is not open to all: sign in, and give the token' : `the file is not to be had: ${String(file.status)}`);
  const model = new Uint8Array(await file.arrayBuffer().catch(() => { throw new PullRefused('the connection ended before the file was complete'); }));
  verifyModelFile(release, model);
  const own = join(folder, versionId.replace(/[^A-Za-z0-9_]/g, ''));
  mkdirSync(own, { recursive: true });
  writeWhole(join(own, 'model.onnx'), model);
  writeWhole(join(own, 'release.json'), JSON.stringify(signed));
  if (keptKey(folder) === null) writeWhole(join(folder, 'trusted-key'), key);
  return { release, folder: own, trustedKey: key };
}

function reach(url: string, asked: RequestInit): Promise<Response> {
  return fetch(url, asked).catch(() => { throw new PullRefused(`${new URL(url).origin} does not answer`); });
}

/** A pulled version, verified again: a disk is not trusted either. Throws ReleaseRefused. */
export async function openPulled(folder: string, trustedKey: string, now: () => Date = () => new Date()): Promise<OfflineModel> {
  if (!existsSync(join(folder, 'release.json'))) throw new ReleaseRefused(`${folder} holds no version that was pulled`);
  const signed = readSigned(readFileSync(join(folder, 'release.json'), 'utf8'));
  return OfflineModel.open({ runtime: onnx, signed, model: readFileSync(join(folder, 'model.onnx')), trustedKey, now });
}

function readSigned(text: string): SignedRelease {
  try {
    const { release, signature, publicKey } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (typeof release === 'string' && typeof signature === 'string' && typeof publicKey === 'string') return { release, signature, publicKey };
  } catch { /* No JSON: told below. */ }
  throw new ReleaseRefused('release.json is damaged');
}

/** Of the first version that was pulled into this folder; null before. */
export function keptKey(folder: string): string | null {
  const file = join(folder, 'trusted-key');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

function writeWhole(path: string, bytes: string | Uint8Array): void {
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
}
