import { SpareMemory } from './spare-memory';

describe('spare memory', () => {
  it('is given out again, once, to whoever needs about as much', () => {
    const spare = new SpareMemory();
    const first = spare.take(200_000);
    spare.give(first.subarray(0, 10));
    spare.give(first);
    expect(spare.take(90_000).buffer).not.toBe(first.buffer);
    const second = spare.take(150_000);
    expect(second.length).toBe(150_000);
    expect(second.buffer).toBe(first.buffer);
    expect(spare.take(150_000).buffer).not.toBe(first.buffer);
  });

  it('takes nothing that it did not lend, and keeps no more than 8 MiB', () => {
    const spare = new SpareMemory();
    const foreign = Buffer.alloc(100_000);
    spare.give(foreign);
    expect(spare.take(100_000).buffer).not.toBe(foreign.buffer);
    const lent = Array.from({ length: 9 }, () => spare.take(1024 * 1024));
    for (const memory of lent) spare.give(memory);
    const again = new Set(Array.from({ length: 9 }, () => spare.take(1024 * 1024).buffer));
    expect(lent.map(({ buffer }) => again.has(buffer))).toEqual([false, ...Array<boolean>(8).fill(true)]);
  });
});
