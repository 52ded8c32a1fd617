// Is this an image, and of what type? Read from the bytes, never from what the sender says. PNG: ISO/IEC 15948 (W3C PNG, third edition);
// JPEG: ITU-T T.81. The pixels themselves are decoded on an edge node.
import { crc32, inflateSync } from 'node:zlib';

export type ImageCheck =
  | {
      readonly ok: true;
      readonly mediaType: 'image/png' | 'image/jpeg';
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly ok: false;
      readonly mediaType: 'image/png' | 'image/jpeg' | null;
      readonly reason: string;
    };

/** A small file may unpack to a huge image; more pixels than this nobody needs to label. */
const pixelLimit = 40_000_000;
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function checkImage(bytes: Buffer): ImageCheck {
  if (bytes.subarray(0, 8).equals(pngSignature)) return checkPng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return checkJpeg(bytes);
  return { ok: false, mediaType: null, reason: 'neither PNG nor JPEG' };
}

function checkPng(bytes: Buffer): ImageCheck {
  const broken = (reason: string): ImageCheck => ({ ok: false, mediaType: 'image/png', reason });
  const data: Buffer[] = [];
  let header: Buffer | null = null;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > bytes.length) return broken('a chunk is cut off');
    const body = bytes.subarray(at + 4, end - 4);
    if (crc32(body) !== bytes.readUInt32BE(end - 4)) return broken('a chunk has a wrong checksum');
    const type = body.subarray(0, 4).toString('latin1');
    if (header === null && type !== 'IHDR') return broken('the header is not first');
    if (type === 'IHDR') header = body.subarray(4);
    if (type === 'IDAT') data.push(body.subarray(4));
    if (type === 'IEND')
      return header === null || header.length !== 13
        ? broken('no header')
        : unpacked(header, Buffer.concat(data), broken);
    at = end;
  }
  return broken('the end is missing');
}

/** Samples a pixel by colour type (11.2.1). */
const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function unpacked(
  header: Buffer,
  data: Buffer,
  broken: (reason: string) => ImageCheck,
): ImageCheck {
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const perPixel = samples[header.readUInt8(9)];
  if (width === 0 || height === 0 || perPixel === undefined) return broken('the header is wrong');
  if (width * height > pixelLimit) return broken('too many pixels');
  const expected = height * (1 + Math.ceil((width * perPixel * header.readUInt8(8)) / 8));
  try {
    // Interlaced images have up to a filter byte more for every row of every pass.
    const limit = expected + 8 * (height + width) + 64;
    const size = inflateSync(data, { maxOutputLength: limit }).length;
    if (size < expected) return broken('pixels are missing');
  } catch {
    return broken('the pixels do not unpack');
  }
  return { ok: true, mediaType: 'image/png', width, height };
}

function checkJpeg(bytes: Buffer): ImageCheck {
  const broken = (reason: string): ImageCheck => ({ ok: false, mediaType: 'image/jpeg', reason });
  let size: { readonly width: number; readonly height: number } | null = null;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return broken('a marker is missing');
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = bytes.readUInt16BE(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return broken('a segment is cut off');
    if (isFrame(marker) && length >= 8)
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    if (marker === 0xda) {
      if (size === null || size.width === 0 || size.height === 0) return broken('no frame');
      if (size.width * size.height > pixelLimit) return broken('too many pixels');
      return bytes.lastIndexOf(Buffer.from([0xff, 0xd9])) > at
        ? { ok: true, mediaType: 'image/jpeg', ...size }
        : broken('the end is missing');
    }
    at += 2 + length;
  }
  return broken('no picture in it');
}

/** SOF0 to SOF15 without DHT, JPG and DAC (table B.1). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
