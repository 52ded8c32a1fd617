// Ed25519 (RFC 8032) through node:crypto. Keys travel as hex of their 32 raw bytes; the wrappers are RFC 8410's fixed DER heads.
import { createPrivateKey, createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto';

const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHead = Buffer.from('302a300506032b6570032100', 'hex');

export interface DeviceKey {
  /** 32 bytes, hex. */
  readonly publicKey: string;
  /** The 32-byte seed, hex. */
  readonly privateKey: string;
}

export function newDeviceKey(): DeviceKey {
  const privateKey = randomBytes(32).toString('hex');
  return { publicKey: publicKeyOf(privateKey), privateKey };
}

export function publicKeyOf(privateKeyHex: string): string {
  const spki = createPublicKey(privateObject(privateKeyHex)).export({ format: 'der', type: 'spki' });
  return spki.subarray(publicHead.length).toString('hex');
}

export function signWith(key: DeviceKey, bytes: Uint8Array | string): string {
  return sign(null, Buffer.from(bytes), privateObject(key.privateKey)).toString('hex');
}

/** False too for a key or signature that is not of the right shape. */
export function verifySignature(publicKeyHex: string, bytes: Uint8Array | string, signatureHex: string): boolean {
  if (!/^[0-9a-f]{64}$/i.test(publicKeyHex) || !/^[0-9a-f]{128}$/i.test(signatureHex)) return false;
  return verify(null, Buffer.from(bytes), publicObject(publicKeyHex.toLowerCase()), Buffer.from(signatureHex, 'hex'));
}

/** Making a key object costs several signatures, so those used lately are kept. */
const objectsKept = 256;
const privateObjects = new Map<string, KeyObject>();
const publicObjects = new Map<string, KeyObject>();

function privateObject(seedHex: string): KeyObject {
  return kept(privateObjects, seedHex, () => (
    createPrivateKey({ key: Buffer.concat([privateHead, Buffer.from(seedHex, 'hex')]), format: 'der', type: 'pkcs8' })));
}

function publicObject(publicKeyHex: string): KeyObject {
  return kept(publicObjects, publicKeyHex, () => (
    createPublicKey({ key: Buffer.concat([publicHead, Buffer.from(publicKeyHex, 'hex')]), format: 'der', type: 'spki' })));
}

function kept(objects: Map<string, KeyObject>, hex: string, make: () => KeyObject): KeyObject {
  const known = objects.get(hex) ?? make();
  objects.delete(hex);
  objects.set(hex, known);
  const [eldest] = objects.keys();
  if (objects.size > objectsKept && eldest !== undefined) objects.delete(eldest);
  return known;
}
