import { Batcher } from './batcher';

const row = (value: number): Float32Array => Float32Array.of(value);

/** Doubles each value, and lets a test end the runs one by one. */
function world(most = 3): { batcher: Batcher; sizes: number[]; release(): Promise<void> } {
  const sizes: number[] = [];
  const ends: (() => void)[] = [];
  const run = async (rows: readonly Float32Array[]): Promise<readonly Float32Array[]> => {
    sizes.push(rows.length);
    await new Promise<void>((resolve) => { ends.push(resolve); });
    if (rows.some(([value]) => value === 13)) throw new Error('unlucky');
    return rows.map(([value = 0]) => row(value * 2));
  };
  return { batcher: new Batcher({ most, run }), sizes, release: async () => { ends.shift()?.(); await new Promise((resolve) => { setImmediate(resolve); }); } };
}

describe('a batcher', () => {
  it('runs at once what comes alone, and together what came meanwhile', async () => {
    const { batcher, sizes, release } = world();
    const first = batcher.answer(row(1));
    await Promise.resolve();
    const rest = [2, 3, 4, 5].map((value) => batcher.answer(row(value)));
    expect(sizes).toEqual([1]);
    for (let run = 0; run < 3; run += 1) await release();
    expect([...await first]).toEqual([2]);
    expect((await Promise.all(rest)).map(([value]) => value)).toEqual([4, 6, 8, 10]);
    expect(sizes).toEqual([1, 3, 1]);
  });

  it('fails those of a batch that failed, and no others', async () => {
    const { batcher, release } = world(1);
    const answers = [12, 13, 14].map((value) => batcher.answer(row(value)).then(([doubled]) => doubled, () => 'failed'));
    await Promise.resolve();
    for (let run = 0; run < 3; run += 1) await release();
    expect(await Promise.all(answers)).toEqual([24, 'failed', 28]);
  });
});
