// An image file as the network sees it: luma (or red, green, blue) from 0 to 1, at the network's size.
import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { Fault } from '@oort/kernel-wire';
import type { ImageShape } from './architecture';

export class ImageUnreadable extends Fault {
  constructor(message: string) { super('IMAGE_UNREADABLE', message); }
}

export interface Pixels { readonly width: number; readonly height: number; /** Four bytes a pixel. */ readonly rgba: Uint8Array }

const maximumMegapixels = 40;

/** Reads PNG and JPEG by their first bytes, whatever they claim to be. Throws ImageUnreadable. */
export function decodeImage(bytes: Buffer): Pixels {
  try {
    if (bytes.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))) {
      requireSmall(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
      const { width, height, data } = PNG.sync.read(bytes);
      return { width, height, rgba: data };
    }
    if (bytes.subarray(0, 2).equals(Buffer.from([0xff, 0xd8]))) {
      const { width, height, data } = decodeJpeg(bytes, { useTArray: true, maxResolutionInMP: maximumMegapixels });
      return { width, height, rgba: data };
    }
  } catch (cause) {
    throw new ImageUnreadable(cause instanceof Error ? cause.message : String(cause));
  }
  throw new ImageUnreadable('neither PNG nor JPEG');
}

/** Planes of one channel (luma, ITU-R BT.601) or three, at the network's size. Throws ImageUnreadable. */
export function imageTensor(bytes: Buffer, mediaType: string, shape: ImageShape): Float32Array {
  if (!mediaType.startsWith('image/')) throw new ImageUnreadable(`${mediaType} is not an image`);
  const [channels, height, width] = shape;
  if (channels !== 1 && channels !== 3) {
    throw new ImageUnreadable('a network for images has one channel or three');
  }
  const pixels = decodeImage(bytes);
  const planes = new Float32Array(channels * height * width);
  for (let channel = 0; channel < channels; channel += 1) {
    planes.set(resize(planeOf(pixels, channels === 1 ? null : channel), pixels, width, height), channel * height * width);
  }
  return planes;
}

function planeOf({ rgba, width, height }: Pixels, channel: number | null): Float32Array {
  return Float32Array.from({ length: width * height }, (_, index) => {
    const at = index * 4;
    if (channel !== null) return (rgba[at + channel] ?? 0) / 255;
    return (0.299 * (rgba[at] ?? 0) + 0.587 * (rgba[at + 1] ?? 0) + 0.114 * (rgba[at + 2] ?? 0)) / 255;
  });
}

/** Mean over the area that a target pixel covers: right for shrinking, nearest neighbour for growing. */
function resize(plane: Float32Array, from: Pixels, width: number, height: number): Float32Array {
  if (from.width === width && from.height === height) return plane;
  const resized = new Float32Array(width * height);
  for (let row = 0; row < height; row += 1) {
    const top = Math.floor((row * from.height) / height);
    const bottom = Math.max(top + 1, Math.floor(((row + 1) * from.height) / height));
    for (let column = 0; column < width; column += 1) {
      const left = Math.floor((column * from.width) / width);
      const right = Math.max(left + 1, Math.floor(((column + 1) * from.width) / width));
      let sum = 0;
      for (let y = top; y < bottom; y += 1) for (let x = left; x < right; x += 1) sum += plane[y * from.width + x] ?? 0;
      resized[row * width + column] = sum / ((bottom - top) * (right - left));
    }
  }
  return resized;
}

function requireSmall(width: number, height: number): void {
  if (width * height > maximumMegapixels * 1_000_000) {
    throw new ImageUnreadable('the image is larger than 40 megapixels');
  }
}
