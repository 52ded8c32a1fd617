import type { Json } from '@oort/kernel-wire';
import { roundLoss, stopsEarly } from './early-stopping';
import { lossPlotSvg, lossPlotText, lossSeries } from './loss-plot';

const round = (...losses: number[]): Json => ({ workers: losses.map((loss) => ({ loss })) });
const options = { patience: 2, leastImprovement: 0.1 };

describe('early stopping', () => {
  it('ends a run after as many rounds without improvement as it has patience', () => {
    expect(stopsEarly([round(1), round(0.5), round(0.49), round(0.48)], options)).toBe(true);
    expect(stopsEarly([round(1), round(0.5), round(0.49)], options)).toBe(false);
    expect(stopsEarly([round(1), round(1), round(0.5), round(0.5)], options)).toBe(false);
    expect(stopsEarly([round(1), round(1), round(1), round(1)], { ...options, patience: 0 })).toBe(false);
  });

  it('goes by what was held out, and by the median of the workers', () => {
    expect(roundLoss({ workers: [{ loss: 0.1, validationLoss: 2 }, { loss: 0.1, validationLoss: 4 }, { loss: 9 }] })).toBe(4);
    expect(roundLoss({ workers: [null, { loss: 'low' }] })).toBeNull();
    expect(roundLoss(null)).toBeNull();
    expect(stopsEarly([round(1, 1, 1), round(1, 1, -1e9), round(1, 1, -1e9)], options)).toBe(true);
  });
});

describe('a plot of losses', () => {
  const rounds: readonly Json[] = [
    { workers: [{ loss: 2, losses: [[5, 3], [10, 1]], validationLoss: 2 }] }, { workers: [{ loss: 0.5, losses: [[5, 0.6], [10, 0.4]], validationLoss: 1 }] },
  ];
  const series = lossSeries(rounds, 10);

  it('has a line for each worker over all rounds, and one for what it held out', () => {
    expect(series).toEqual([
      { name: 'worker 0', points: [[5, 3], [10, 1], [15, 0.6], [20, 0.4]] }, { name: 'held out 0', points: [[10, 2], [20, 1]] },
    ]);
  });

  it('is a picture and a text', () => {
    const svg = lossPlotSvg(series);
    expect(svg).toMatch(/^<svg [^>]+>/);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).toContain('step 20');
    const text = lossPlotText(series, 20, 5).split('\n');
    expect(text[0]).toBe('     3.00 |     *');
    expect(text[4]).toBe('    0.400 |              *    *');
    expect(text[6]).toContain('* worker 0  o held out 0');
  });

  it('of a run without losses is an empty frame', () => {
    expect(lossSeries([null, {}], 10)).toEqual([]);
    expect(lossPlotSvg([])).toContain('<rect');
    expect(lossPlotText([])).toContain('step 1');
  });
});
