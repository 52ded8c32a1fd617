// AES-256-GCM (NIST SP 800-38D) with a random 96-bit IV; what is authenticated beside the text ties it to its place.
// iv (12 bytes), ciphertext, tag (16 bytes), in base64.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Json } from '@oort/kernel-wire';

/** What stands in the log in the place of what is not for everybody. `key` names the key that opens it, and says nothing of it. */
export type Sealed = { readonly sealed: string; readonly key: string };

const ivBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

export function sealJson(value: Json, key: Buffer, place: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place));
  return Buffer.concat([iv, cipher.update(JSON.stringify(value)), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** Throws when the text was changed, moved, or sealed with another key. */
export function openJson(sealed: string, key: Buffer, place: string): Json {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes)).setAAD(Buffer.from(place));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()]).toString()) as Json;
}

export function isSealed(value: Json | undefined): value is Sealed {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false;
  const { sealed, key } = value as { readonly [name: string]: Json };
  return typeof sealed === 'string' && typeof key === 'string';
}

/** Of one secret among those of a key: it opens that one and tells nothing of the others (RFC 5869). The tag that names it is
 *  keyed too, so that nobody learns from it what the secret waits for. */
export function oneSecretOf(key: Buffer, until: string): { readonly tag: string; readonly key: Buffer } {
  const tag = createHmac('sha256', key).update(until).digest('hex').slice(0, keyBytes);
  return { tag, key: taggedKey(key, tag) };
}

export function taggedKey(key: Buffer, tag: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `oort-sealed-until-v1/${tag}`, keyBytes));
}
