import { figure, lineOf } from './figure';

describe('a figure', () => {
  const peer = { name: 'peer', value: 50 };
  it.each([
    ['higher is better', { better: 'higher', ours: 100, peer, aim: { kind: 'ratio', value: 2 } }, 2, true],
    ['lower is better', { better: 'lower', ours: 100, peer, aim: { kind: 'ratio', value: 0.6 } }, 0.5, false],
    ['an absolute aim, higher', { better: 'higher', ours: 100, aim: { kind: 'absolute', value: 100 } }, null, true],
    ['an absolute aim, lower', { better: 'lower', ours: 100, aim: { kind: 'absolute', value: 99 } }, null, false],
    ['an aim against a peer that is not there', { better: 'higher', ours: 100, peer: null, aim: { kind: 'ratio', value: 1 } }, null, null],
    ['no aim', { better: 'higher', ours: 100, peer }, 2, null],
  ] as const)('%s', (_, given, ratio, holds) => {
    expect(figure({ name: 'n', unit: 'u', ...given })).toMatchObject({ ratio, holds });
  });

  it('is one line', () => {
    expect(lineOf(figure({ name: 'appends', unit: 'events/s', better: 'higher', ours: 30_000, peer: { name: 'bare disk', value: 40_000 }, aim: { kind: 'ratio', value: 0.6 } })))
      .toBe('appends: 30,000 events/s (40,000 bare disk, ratio 0.750, aim 0.600 holds)');
  });
});
