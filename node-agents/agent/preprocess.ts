// A contribution made fit to be labelled: decoded within limits, written anew as PNG (which drops EXIF and everything else
// that is not a pixel), and described by the hashes that duplicates are found by.
import { PNG } from 'pngjs';
import { decodeImage, type Pixels } from '@oort/algorithms-training';
import { differenceHash } from '@oort/algorithms-labels';
import { Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import type { ExecutorPorts, Executed } from './executors';

export class ContributionUnreadable extends Fault {
  constructor(message: string) { super('CONTRIBUTION_UNREADABLE', message); }
}

const maximumBytes = 16 * 1024 * 1024;

/** `output` is {contentId, sha256, perceptualHash: 16 hex digits, width, height, mediaType}. `sha256` is of the PNG,
 *  so that the same pixels in another wrapping are the same item. Throws ContributionUnreadable, ImageUnreadable. */
export async function runPreprocess(spec: Json, { fetchContent, storeContent }: ExecutorPorts): Promise<Executed> {
  const { contentId, mediaType } = spec as { readonly contentId: string; readonly mediaType: string };
  const original = await fetchContent(contentId);
  if (original.length > maximumBytes) throw new ContributionUnreadable('the file is larger than 16 MiB');
  if (!mediaType.startsWith('image/')) throw new ContributionUnreadable(`${mediaType} is not an image`);
  const pixels = decodeImage(original);
  const { width, height } = pixels;
  const png = encodePng(pixels);
  return {
    output: {
      contentId: await storeContent(png), sha256: sha256Hex(png), perceptualHash: differenceHash(luminance(pixels), width, height),
      width, height, mediaType: 'image/png',
    },
    units: 1,
  };
}

/** The same pixels give the same bytes: one filter, one level, no optional chunk. */
function encodePng({ width, height, rgba }: Pixels): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  return PNG.sync.write(png, { deflateLevel: 6, filterType: 4, colorType: 6 });
}

/** ITU-R BT.601, 0 to 255. */
function luminance({ rgba, width, height }: Pixels): Float32Array {
  const luma = new Float32Array(width * height);
  for (let index = 0; index < luma.length; index += 1) {
    luma[index] = 0.299 * (rgba[index * 4] ?? 0) + 0.587 * (rgba[index * 4 + 1] ?? 0) + 0.114 * (rgba[index * 4 + 2] ?? 0);
  }
  return luma;
}
