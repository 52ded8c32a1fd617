// A published version as anyone can hold it: what the platform signed about it, and its file. Checking needs no network and no
// account, and runs in a browser, so it stands on JavaScript alone (noble) rather than on one platform's cryptography.
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson } from '@oort/kernel-wire/canonical-json';
import { Fault } from '@oort/kernel-wire/fault';
import type { Json } from '@oort/kernel-wire/json';

export class ReleaseRefused extends Fault {
  constructor(message: string) { super('RELEASE_REFUSED', message); }
}

/** What is signed, as canonical JSON (RFC 8785). */
export interface Release {
  readonly kind: 'oort-model/1';
  readonly versionId: string;
  readonly modelId: string;
  readonly name: string;
  /** CIDv1 (raw, SHA-256) of the ONNX file. */
  readonly modelContentId: string;
  /** Merkle root of the ONNX file as the chain holds it, hex. */
  readonly modelRoot: string;
  readonly labels: readonly string[];
  /** Of one input without the batch; null where the file says it alone. */
  readonly input: readonly number[] | null;
  readonly licence: string;
  /** RFC 3339; null for a licence that does not end. */
  readonly licenceExpiresAt: string | null;
}

/** `release` is the text that was signed; `signature` (Ed25519) and `publicKey` are hex. */
export interface SignedRelease { readonly release: string; readonly signature: string; readonly publicKey: string }

export function releaseText(release: Release): string {
  return canonicalJson(release as unknown as Json);
}

/** Throws ReleaseRefused unless the trusted key signed it and its licence runs. The key that the release names is not believed. */
export function verifyRelease(signed: SignedRelease, trustedKey: string, now: Date): Release {
  if (!signedBy(trustedKey, signed.release, signed.signature)) throw new ReleaseRefused('the trusted key did not sign the release');
  const release = readRelease(signed.release);
  if (release.licenceExpiresAt !== null && now.toISOString() > release.licenceExpiresAt) throw new ReleaseRefused('the licence has ended');
  return release;
}

/** Throws ReleaseRefused when the file is another one. */
export function verifyModelFile({ modelContentId }: Pick<Release, 'modelContentId'>, model: Uint8Array): void {
  if (contentIdOf(model) !== modelContentId) throw new ReleaseRefused('the model is not the file that was signed');
}

/** False too for a key or signature that is not of the right shape. */
export function signedBy(key: string, signed: string, signature: string): boolean {
  if (!/^[0-9a-f]{64}$/i.test(key) || !/^[0-9a-f]{128}$/i.test(signature)) return false;
  // As RFC 8032 checks it, and as node:crypto does: the lenient rule of ZIP 215 is for consensus.
  return ed25519.verify(bytesOf(signature), new TextEncoder().encode(signed), bytesOf(key), { zip215: false });
}

function readRelease(text: string): Release {
  const json = JSON.parse(text) as Readonly<Record<string, Json | undefined>>;
  const strings = ['versionId', 'modelId', 'name', 'modelContentId', 'modelRoot', 'licence'].every((key) => typeof json[key] === 'string');
  const expires = json['licenceExpiresAt'];
  if (json['kind'] !== 'oort-model/1' || !strings || !Array.isArray(json['labels']) || (expires !== null && typeof expires !== 'string')) {
    throw new ReleaseRefused('the release is not of a form that this library knows');
  }
  return json as unknown as Release;
}

const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** CIDv1, codec raw, multihash SHA-256, in multibase base32. */
function contentIdOf(bytes: Uint8Array): string {
  const id = Uint8Array.of(0x01, 0x55, 0x12, 0x20, ...sha256(bytes));
  let text = 'b';
  let held = 0;
  let bits = 0;
  for (const byte of id) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += base32.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + base32.charAt((held << (5 - bits)) & 31) : text;
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}
