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

/** Some frames of a segment once more, the same to the byte, from the plain bytes that begin with frame `first` and end with a frame or the segment. */
export function sealFrames(plain: Uint8Array, objectKey: Uint8Array, segmentId: string, first: number, sealedBytes: number): Buffer {
  const key = segmentKey(objectKey, segmentId);
  const frames = frameCount(plainLength(sealedBytes));
  const parts = Array.from({ length: frameCount(plain.length) }, (_, index) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(first + index, first + index === frames - 1));
    return [cipher.update(plain.subarray(index * frameBytes, (index + 1) * frameBytes)), cipher.final(), cipher.getAuthTag()];
  });
  return Buffer.concat(parts.flat());
}

/** Seals a segment while it arrives. A frame is held back until it is known whether it is the last. */
export class FrameSealer {
  readonly #key: Buffer;
  #frame = 0;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(objectKey: Uint8Array, segmentId: string) { this.#key = segmentKey(objectKey, segmentId); }

  /** What is sealed by now, in parts. */
  update(plain: Uint8Array): readonly Buffer[] {
    const sealed: Buffer[] = [];
    for (let offset = 0; offset < plain.length;) {
      if (this.#heldBytes === frameBytes) sealed.push(...this.#seal(false));
      const part = plain.subarray(offset, offset + frameBytes - this.#heldBytes);
      this.#held.push(part);
      this.#heldBytes += part.length;
      offset += part.length;
    }
    return sealed;
  }

  end(): readonly Buffer[] { return this.#seal(true); }

  #seal(last: boolean): readonly Buffer[] {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#frame, last));
    const sealed = [...this.#held.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()];
    this.#frame += 1;
    this.#held = [];
    this.#heldBytes = 0;
    return sealed;
  }
}

/** Opens frames while their sealed bytes arrive, from `frame` on. Nothing of a frame is given before all of it is proven. */
export class FrameOpener {
  readonly #key: Buffer;
  readonly #frames: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(objectKey: Uint8Array, segmentId: string, private readonly sealedBytes: number, private frame: number) {
    this.#key = segmentKey(objectKey, segmentId);
    this.#frames = frameCount(plainLength(sealedBytes));
  }

  /** The plain bytes of the frames that are complete now. Throws the cipher's error when one does not open. */
  update(sealed: readonly Uint8Array[]): readonly Buffer[] {
    const plain: Buffer[] = [];
    for (const part of sealed) {
      this.#parts.push(part);
      this.#bytes += part.length;
    }
    while (this.frame < this.#frames) {
      const length = Math.min(frameBytes + tagBytes, this.sealedBytes - this.frame * (frameBytes + tagBytes));
      if (this.#bytes < length) break;
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(this.frame, this.frame === this.#frames - 1), { authTagLength: tagBytes });
      const body = this.#take(length - tagBytes).map((part) => decipher.update(part));
      decipher.setAuthTag(Buffer.concat(this.#take(tagBytes)));
      plain.push(...body, decipher.final());
      this.frame += 1;
    }
    return plain.filter(({ length }) => length > 0);
  }

  /** What waits for the rest of its frame has memory of its own from here on. */
  detach(): void { this.#parts = this.#bytes === 0 ? [] : [Buffer.concat(this.#parts)]; }

  #take(length: number): readonly Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const [first = new Uint8Array()] = this.#parts;
      taken.push(first.subarray(0, left));
      if (first.length <= left) this.#parts.shift();
      else this.#parts[0] = first.subarray(left);
      left -= Math.min(left, first.length);
    }
    this.#bytes -= length;
    return taken;
  }
}

/** Where the frames that hold the plain bytes from `start` to `end` (exclusive) lie among the sealed ones. */
export function framesOf(start: number, end: number, sealedBytes: number): { readonly frame: number; readonly from: number; readonly to: number } {
  const frame = Math.min(Math.floor(start / frameBytes), frameCount(plainLength(sealedBytes)) - 1);
  return { frame, from: frame * (frameBytes + tagBytes), to: Math.min(sealedBytes, Math.max(frame + 1, Math.ceil(end / frameBytes)) * (frameBytes + tagBytes)) };
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
