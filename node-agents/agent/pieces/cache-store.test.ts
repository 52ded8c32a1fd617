import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CachePolicy } from './cache-policy';
import { openCacheStore } from './cache-store';

describe('the policy', () => {
  it('never holds more than it may, and forgets nothing by itself', () => {
    const policy = new CachePolicy(1_000);
    const held = new Map<string, number>();
    let seed = 7;
    const random = (below: number): number => { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; return seed % below; };
    for (let step = 0; step < 20_000; step += 1) {
      const id = `p${random(80)}`;
      if (random(10) === 0) {
        policy.remove(id);
        held.delete(id);
      } else if (policy.has(id)) policy.used(id);
      else {
        const bytes = 1 + random(random(50) === 0 ? 1_200 : 120);
        held.set(id, bytes);
        for (const gone of policy.add(id, bytes)) held.delete(gone);
      }
      expect(policy.bytes).toBe([...held.values()].reduce((sum, bytes) => sum + bytes, 0));
      expect(policy.bytes).toBeLessThanOrEqual(1_000);
    }
    expect(policy.size).toBe(held.size);
    for (const id of held.keys()) expect(policy.has(id)).toBe(true);
  });

  it('hits more often than the least recently used under a crowd that comes back and readers that pass through', () => {
    const [policy, lru] = [new CachePolicy(100), new Map<string, true>()];
    let [hits, lruHits, seed] = [0, 0, 11];
    const random = (): number => { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; return seed / 2_147_483_648; };
    for (let step = 0; step < 30_000; step += 1) {
      // Half of the time something popular (the smaller its number, the more), else the next of a scan that nobody repeats.
      const id = random() < 0.5 ? `hot${Math.floor(150 * random() ** 2)}` : `scan${step}`;
      if (policy.has(id)) {
        hits += 1;
        policy.used(id);
      } else policy.add(id, 1);
      if (lru.delete(id)) lruHits += 1;
      lru.set(id, true);
      const [eldest] = lru.keys();
      if (lru.size > 100 && eldest !== undefined) lru.delete(eldest);
    }
    expect(hits).toBeGreaterThan(lruHits * 1.2);
  });
});

describe('the store', () => {
  let directory: string;
  beforeEach(async () => { directory = await mkdtemp(join(tmpdir(), 'cache-store-')); });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('gives back what it took, also after a restart, deletes one and all of a group, and owes nobody anything', async () => {
    const bytes = randomBytes(1_000);
    const first = await openCacheStore(directory, 100_000);
    for (const pieceId of ['piece_ax0', 'piece_ax1', 'piece_ax12', 'piece_b']) await first.put(pieceId, [bytes.subarray(0, 10), bytes.subarray(10)]);
    const cache = await openCacheStore(directory, 100_000);
    expect((await cache.get('piece_ax12'))?.equals(bytes)).toBe(true);
    expect((await cache.read('piece_b', 5, 7))?.equals(bytes.subarray(5, 7))).toBe(true);
    expect(await cache.list()).toEqual([]);
    await cache.delete('piece_ax0');
    expect(cache.stats()).toMatchObject({ pieces: 3, purges: 1 });
    await cache.delete('piece_a');
    await cache.delete('piece_a');
    expect(cache.stats()).toMatchObject({ pieces: 1, purges: 3 });
    expect(await cache.get('piece_ax1')).toBeNull();
    expect(await readdir(join(directory, 'cache'))).toEqual(['piece_b']);
  });

  it('misses what the disk forgot, whole or in part, and what was not finished', async () => {
    const cache = await openCacheStore(directory, 100_000);
    for (const pieceId of ['piece_a', 'piece_b', 'piece_c']) await cache.put(pieceId, randomBytes(1_000));
    await truncate(join(directory, 'cache', 'piece_a'), 500);
    await rm(join(directory, 'cache', 'piece_b'));
    await writeFile(join(directory, 'cache', 'piece_d.0123'), 'half');
    const again = await openCacheStore(directory, 100_000);
    expect([await again.get('piece_a'), await again.get('piece_b'), await again.get('piece_d')]).toEqual([null, null, null]);
    expect(await again.get('piece_c')).toHaveLength(1_000);
    expect(again.stats()).toMatchObject({ hits: 1, misses: 3, pieces: 1 });
    expect(await readdir(join(directory, 'cache'))).toEqual(['piece_c']);
  });

  it('takes no more than it may, and nothing that is larger than all', async () => {
    const cache = await openCacheStore(directory, 10_000);
    for (let index = 0; index < 50; index += 1) await cache.put(`piece_${index}`, randomBytes(1_000));
    expect(cache.stats().bytes).toBeLessThanOrEqual(10_000);
    await cache.put('piece_large', randomBytes(20_000));
    expect(await cache.get('piece_large')).toBeNull();
    expect(await readdir(join(directory, 'cache'))).toHaveLength(cache.stats().pieces);
  });
});
