// How a piece lies in a bucket: frames of 64 KiB, each followed by a check over its place, the piece's size and its bytes.
// A part can so be asked for and checked by itself, and neither rot, nor a lost end, nor a mix-up of objects passes for the piece.
import { createHash } from 'node:crypto';
import { partsOf } from '@oort/node-agents-agent/pieces/bytes';
import type { Bytes } from '@oort/node-agents-agent/pieces/port';

const frameBytes = 65_536;
const checkBytes = 16;

/** `first` and `end` (exclusive) are offsets in the object; `skip` is what comes before the asked byte in the first frame. */
export interface FrameRange { readonly firstFrame: number; readonly first: number; readonly end: number; readonly skip: number }

export function framed(pieceId: string, bytes: Bytes): Buffer {
  const whole = Buffer.concat(partsOf(bytes));
  const parts: Buffer[] = [];
  for (let frame = 0; frame === 0 || frame * frameBytes < whole.length; frame += 1) {
    const body = whole.subarray(frame * frameBytes, (frame + 1) * frameBytes);
    parts.push(body, checkOf(pieceId, whole.length, frame, body));
  }
  return Buffer.concat(parts);
}

/** Of the frames from `firstFrame` on, in an object of `storedBytes`. Null when one is not what was written at this place. */
export function unframed(pieceId: string, stored: Buffer, storedBytes: number, firstFrame = 0): Buffer | null {
  const [parts, sizeBytes]: [Buffer[], number] = [[], sizeInside(storedBytes)];
  for (let [at, frame] = [0, firstFrame]; at < stored.length || at === 0; at += frameBytes + checkBytes, frame += 1) {
    const end = Math.min(stored.length, at + frameBytes + checkBytes) - checkBytes;
    if (end < at) return null;
    const body = stored.subarray(at, end);
    if (!checkOf(pieceId, sizeBytes, frame, body).equals(stored.subarray(end, end + checkBytes))) return null;
    parts.push(body);
  }
  return Buffer.concat(parts);
}

/** The frames that hold the bytes from `start` up to `end` (exclusive). */
export function framesOf(start: number, end: number): FrameRange {
  const firstFrame = Math.floor(start / frameBytes);
  const step = frameBytes + checkBytes;
  return { firstFrame, first: firstFrame * step, end: Math.ceil(end / frameBytes) * step, skip: start - firstFrame * frameBytes };
}

/** Of the piece, from the size of its object. */
export function sizeInside(storedBytes: number): number {
  return Math.max(0, storedBytes - checkBytes * Math.max(1, Math.ceil(storedBytes / (frameBytes + checkBytes))));
}

function checkOf(pieceId: string, sizeBytes: number, frame: number, body: Buffer): Buffer {
  return createHash('sha256').update(`oort-frame ${pieceId} ${sizeBytes} ${frame}\n`).update(body).digest().subarray(0, checkBytes);
}
