// Objects are encrypted before they leave the door: AES-256-GCM in frames of 64 KiB, so that a range opens only its frames.
// Frames follow STREAM (Hoang, Reyhanitabar, Rogaway and Vizar 2015): the nonce holds the frame's number and whether it is the
// last, so frames cannot be dropped, repeated or moved. Every segment has a key of its own, from the object's (HKDF, RFC 5869),
// so a counter that starts at zero never meets the same key twice. The object's key is wrapped by the account's (RFC 3394).
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

export const frameBytes = 64 * 1024;
const tagBytes = 16;

export function sealedLength(plainBytes: number): number {
  return plainBytes + tagBytes * frameCount(plainBytes);
}

export function plainLength(sealedBytes: number): number {
  return sealedBytes - tagBytes * Math.max(1, Math.ceil(sealedBytes / (frameBytes + tagBytes)));
}

function frameCount(plainBytes: number): number {
  return Math.max(1, Math.ceil(plainBytes / frameBytes));
}

/** Cost: 1.7 GB per CPU-second. */
export function sealSegment(plain: Uint8Array, objectKey: Uint8Array, segmentId: string): Buffer {
  const key = segmentKey(objectKey, segmentId);
  const frames = frameCount(plain.length);
  const parts = Array.from({ length: frames }, (_, frame) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(frame, frame === frames - 1));
    return [cipher.update(plain.subarray(frame * frameBytes, (frame + 1) * frameBytes)), cipher.final(), cipher.getAuthTag()];
  });
  return Buffer.concat(parts.flat());
}

/** The plain bytes from `start` up to `end` (exclusive) of a segment. Throws the cipher's error when a frame does not open. */
export function openSegment(sealed: Uint8Array, objectKey: Uint8Array, segmentId: string, start: number, end: number): Buffer {
  const key = segmentKey(objectKey, segmentId);
  const frames = frameCount(plainLength(sealed.length));
  const first = Math.min(Math.floor(start / frameBytes), frames - 1);
  const last = Math.min(Math.max(first, Math.ceil(end / frameBytes) - 1), frames - 1);
  const plain: Buffer[] = [];
  for (let frame = first; frame <= last; frame += 1) {
    const bytes = sealed.subarray(frame * (frameBytes + tagBytes), (frame + 1) * (frameBytes + tagBytes));
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(frame, frame === frames - 1), { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
    plain.push(decipher.update(bytes.subarray(0, bytes.length - tagBytes)), decipher.final());
  }
  return Buffer.concat(plain).subarray(start - first * frameBytes, end - first * frameBytes);
}

function segmentKey(objectKey: Uint8Array, segmentId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', objectKey, '', `oort/segment/${segmentId}`, 32));
}

function nonceOf(frame: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(frame, 7);
  nonce.writeUInt8(last ? 1 : 0, 11);
  return nonce;
}

const wrapVector = Buffer.from('a6a6a6a6a6a6a6a6', 'hex');

/** Hex. */
export function wrapKey(objectKey: Uint8Array, accountKey: Uint8Array): string {
  const cipher = createCipheriv('id-aes256-wrap', accountKey, wrapVector);
  return Buffer.concat([cipher.update(objectKey), cipher.final()]).toString('hex');
}

export function unwrapKey(wrapped: string, accountKey: Uint8Array): Buffer {
  const decipher = createDecipheriv('id-aes256-wrap', accountKey, wrapVector);
  return Buffer.concat([decipher.update(Buffer.from(wrapped, 'hex')), decipher.final()]);
}
