import { SeededRandom } from '@oort/algorithms-random';
import { augment } from './augment';

const stream = new SeededRandom(7);
const random = (): number => stream.uniform();

/** Pixels as customers send them: background, saturated strokes, and edges between. */
const picture = Array.from({ length: 784 }, (_, place) => Math.fround((place % 5 === 0 ? 255 : place % 3 === 0 ? (place * 37) % 256 : 0) / 255));

describe('a phantom\'s input', () => {
  it.each([
    ['8-bit pixels', picture],
    ['whole numbers', Array.from({ length: 50 }, (_, place) => (place * 13) % 40)],
    ['any numbers', Array.from({ length: 50 }, (_, place) => Math.fround(Math.sin(place)))],
    ['black and white', Array.from({ length: 64 }, (_, place) => (place % 7 < 3 ? 1 : 0))],
    ['two whole steps', [0, 1, 2, 1, 0, 2, 1]],
  ])('is another one, of the same range and on the same grid: %s', (_, row) => {
    for (let round = 0; round < 20; round += 1) {
      const [made = []] = augment([row], random);
      expect(made).toHaveLength(row.length);
      expect(made).not.toEqual(row);
      expect([Math.min(...made), Math.max(...made)]).toEqual([Math.min(...row), Math.max(...row)]);
      for (const grid of [1, 255]) {
        const fits = (values: readonly number[]): boolean => values.every((value) => Math.fround(Math.round(value * grid) / grid) === Math.fround(value));
        if (fits(row)) expect(fits(made)).toBe(true);
      }
      const zeros = (values: readonly number[]): number => values.filter((value) => value === 0).length;
      expect(zeros(made)).toBe(zeros(row));
    }
  });
});
