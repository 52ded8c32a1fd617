import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from './index';

const directory = mkdtempSync(join(tmpdir(), 'oort-bus-'));
afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

async function take(group: string, count: number, place: string, options: object = {}): Promise<string[]> {
  const bus = await openEmbeddedBus({ directory: place, ...options });
  const seen: string[] = [];
  const stop = new AbortController();
  await bus.consume('t', group, async ({ value }) => {
    seen.push(value.toString());
    if (seen.length === count) stop.abort();
  }, stop.signal);
  await bus.close();
  return seen;
}

describe('the embedded bus', () => {
  test('keeps messages and groups over a restart', async () => {
    const place = join(directory, 'restart');
    const bus = await openEmbeddedBus({ directory: place });
    for (const value of ['1', '2', '3']) await bus.publish('t', 'k', Buffer.from(value));
    await bus.close();
    expect(await take('g', 2, place)).toEqual(['1', '2']);
    expect(await take('g', 1, place)).toEqual(['3']);
  });

  test('belongs to one process at a time', async () => {
    const bus = await openEmbeddedBus({ directory: join(directory, 'locked') });
    expect(() => openEmbeddedBus({ directory: join(directory, 'locked') })).toThrow('locked');
    await bus.close();
    await (await openEmbeddedBus({ directory: join(directory, 'locked') })).close();
  });

  test('lets go of old segments that every group has passed, and of no others', async () => {
    const place = join(directory, 'retention');
    const options = { segmentBytes: 1000, retention: { ageMs: 1e9, bytes: 2500, longestAbsenceMs: 1e9 } };
    const publish = async (from: number, to: number): Promise<void> => {
      const bus = await openEmbeddedBus({ directory: place, ...options });
      for (let n = from; n < to; n += 1) await bus.publish('t', 'k', Buffer.from(String(n).padStart(100, '0')));
      await bus.close();
    };
    await publish(0, 5);
    for (const group of ['slow', 'fast']) await take(group, 1, place, options);
    await publish(5, 100);
    const segments = (): number => readdirSync(join(place, 'topics', 't', 'log')).length;
    const all = segments();
    await take('slow', 29, place, options);
    await take('fast', 99, place, options);
    await (await openEmbeddedBus({ directory: place, ...options })).close();
    expect([all, segments()]).toEqual([10, 7]);
    expect((await take('slow', 70, place, options)).map(Number)).toEqual(Array.from({ length: 70 }, (_, n) => n + 30));
    await (await openEmbeddedBus({ directory: place, ...options })).close();
    expect(segments()).toBe(2);
    // Who comes late gets what is left.
    expect(Number((await take('late', 1, place, options))[0])).toBeGreaterThan(70);
  });
});
