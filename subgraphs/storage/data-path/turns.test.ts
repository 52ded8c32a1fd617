import { Turns } from './turns';

it('lets so many work at once, and the others in the order in which they came, whatever becomes of those', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = Promise.allSettled([0, 1, 2, 3, 4].map((index) => turns.run(async () => {
    begun.push(index);
    await new Promise<void>((resolve) => { ends[index] = resolve; });
    if (index === 1) throw new RangeError('it failed');
    return index;
  })));
  const after = [[0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]];
  for (const [turn, expected] of after.entries()) {
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(begun).toEqual(expected);
    ends[turn]?.();
  }
  await new Promise((resolve) => { setImmediate(resolve); });
  ends[4]?.();
  expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(await turns.run(() => Promise.resolve('again'))).toBe('again');
});
