import { VirtualDisk } from './disk';
import { Random } from './random';
import { WorldClock } from './world-clock';

const times = { flushMs: [5, 6], idleFlushMs: 100 } as const;

function open(seed: number): { readonly clock: WorldClock; readonly disk: VirtualDisk<number> } {
  const clock = new WorldClock();
  return { clock, disk: new VirtualDisk<number>(clock, new Random(seed), times) };
}

test('what was flushed is there after a crash, and what comes back is a beginning of what was written', () => {
  const lengths = new Set<number>();
  for (let seed = 1; seed <= 40; seed += 1) {
    const { clock, disk } = open(seed);
    disk.write(0);
    disk.write(1);
    let flushed = false;
    disk.flush(() => { flushed = true; });
    while (clock.step(10));
    expect(flushed).toBe(true);
    for (const record of [2, 3, 4, 5]) disk.write(record);
    disk.crash();
    const kept = disk.recover();
    lengths.add(kept.length);
    expect(kept).toEqual([0, 1, 2, 3, 4, 5].slice(0, kept.length));
    expect(kept.length).toBeGreaterThanOrEqual(2);
    disk.write(9);
    disk.flush(() => undefined);
    while (clock.step(20));
    expect(disk.recover()).toEqual([...kept, 9]);
  }
  expect(lengths.size).toBe(5);
});

test('a flush that a crash overtakes never calls back', () => {
  const { clock, disk } = open(1);
  disk.write(0);
  disk.flush(() => { throw new RangeError('called back'); });
  disk.crash();
  while (clock.step(1000));
});

test('what nobody flushes becomes durable by itself', () => {
  const { clock, disk } = open(1);
  disk.write(0);
  while (clock.step(150));
  disk.crash();
  expect(disk.recover()).toEqual([0]);
});
