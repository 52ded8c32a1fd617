// Which examples a worker sees at a step, and how they are changed: a function of (spec, step) alone,
// so that a job resumed from a checkpoint sees exactly what it would have seen.
import { imageShape, sizeOf, type ImageShape } from './architecture';
import { SeededRandom } from '@oort/algorithms-random';
import type { TrainingSpec } from './training-spec';

const shuffling = 2;
const augmenting = 3;

/** Indices of the examples that belong to a worker: every `workers`-th of one seeded order, so classes spread evenly. */
export function shareOf(spec: Pick<TrainingSpec, 'seed' | 'worker' | 'workers'>, examples: number): readonly number[] {
  const order = new SeededRandom(spec.seed, shuffling).permutation(examples);
  return [...order].filter((_, place) => place % spec.workers === spec.worker);
}

/** How many of a share's examples, its last ones, are held out. One at least is learned from. */
export function heldOutOf(spec: Pick<TrainingSpec, 'hyperParameters'>, shareSize: number): number {
  return Math.min(shareSize - 1, Math.round(shareSize * spec.hyperParameters.validationShare));
}

/** Places in the worker's share; the last batch of an epoch is filled from the epoch's start. */
export function batchAt(spec: TrainingSpec, shareSize: number, step: number): readonly number[] {
  const { batchSize } = spec.hyperParameters;
  const stepsPerEpoch = Math.ceil(shareSize / batchSize);
  const epoch = Math.floor(step / stepsPerEpoch);
  const order = new SeededRandom(spec.seed, shuffling, spec.round + 1, spec.worker, epoch).permutation(shareSize);
  const first = (step % stepsPerEpoch) * batchSize;
  return Array.from({ length: batchSize }, (_, index) => order[(first + index) % shareSize] ?? 0);
}

/** Half a cosine from the full rate to zero over all rounds (Loshchilov and Hutter 2017, one cycle). */
export function learningRateAt(spec: TrainingSpec, step: number): number {
  const { localSteps, learningRate } = spec.hyperParameters;
  const progress = (spec.round * localSteps + step) / (spec.rounds * localSteps);
  return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
}

/** Writes the batch's examples one after another; images are each moved, turned and scaled a little at random. */
export function augmentBatch(spec: TrainingSpec, step: number, images: readonly Float32Array[]): Float32Array {
  if (spec.architecture.input.length !== 3) return joined(images);
  const shape = imageShape(spec.architecture);
  const random = new SeededRandom(spec.seed, augmenting, spec.round, spec.worker, step);
  const batch = new Float32Array(images.length * sizeOf(shape));
  const { maximumShift, maximumRotation, maximumScale } = spec.hyperParameters;
  const spread = (limit: number): number => (random.uniform() * 2 - 1) * limit;
  images.forEach((image, index) => {
    const angle = (spread(maximumRotation) * Math.PI) / 180;
    const scale = 1 + spread(maximumScale);
    warp(image, shape, { angle, scale, down: spread(maximumShift), right: spread(maximumShift) }, batch.subarray(index * sizeOf(shape)));
  });
  return batch;
}

function joined(examples: readonly Float32Array[]): Float32Array {
  const batch = new Float32Array(examples.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const example of examples) {
    batch.set(example, at);
    at += example.length;
  }
  return batch;
}

interface Movement { readonly angle: number; readonly scale: number; readonly down: number; readonly right: number }

/** Bilinear; beyond the border lies the darkest value, zero. */
function warp(image: Float32Array, [channels, height, width]: ImageShape, movement: Movement, into: Float32Array): void {
  const cosine = Math.cos(movement.angle) / movement.scale;
  const sine = Math.sin(movement.angle) / movement.scale;
  const middleRow = (height - 1) / 2;
  const middleColumn = (width - 1) / 2;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const fromRow = cosine * (row - middleRow - movement.down) + sine * (column - middleColumn - movement.right) + middleRow;
      const fromColumn = cosine * (column - middleColumn - movement.right) - sine * (row - middleRow - movement.down) + middleColumn;
      const top = Math.floor(fromRow);
      const left = Math.floor(fromColumn);
      const below = fromRow - top;
      const beside = fromColumn - left;
      for (let channel = 0; channel < channels; channel += 1) {
        const plane = channel * height * width;
        const at = (y: number, x: number): number => (y < 0 || x < 0 || y >= height || x >= width ? 0 : image[plane + y * width + x] ?? 0);
        into[plane + row * width + column] =
          (at(top, left) * (1 - beside) + at(top, left + 1) * beside) * (1 - below) + (at(top + 1, left) * (1 - beside) + at(top + 1, left + 1) * beside) * below;
      }
    }
  }
}
