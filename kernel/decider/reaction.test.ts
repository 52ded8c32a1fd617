import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from '@oort/kernel-eventstore';
import { testPostgres } from '@oort/kernel-projection';
import { DataSource } from 'typeorm';
import { command, createHandler, runReaction } from './index';
import { counter } from './fixture-counter';

test('a reaction gets each event in order, again after a failure, and goes on from its checkpoint after a restart', async () => {
  const postgres = await testPostgres();
  const database = await new DataSource({ type: 'postgres', url: postgres.url, installExtensions: false }).initialize();
  const store = memoryStore();
  const now = new Date();
  const handle = createHandler({ store, decider: counter, now: () => now });
  const count = (name: string) => handle(name, command('Count', { by: 1 }, { actor: 'a', now }));
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const seen: string[] = [];
  let failures = 1;
  const start = async (): Promise<AbortController> => {
    const stop = new AbortController();
    await runReaction({ name: 'test', store, database, subscribes: ['Counted'], signal: stop.signal, react: async (event) => {
      if (event.stream === 'counter-b' && (failures -= 1) >= 0) throw new RangeError('planned');
      seen.push(event.stream);
    } });
    return stop;
  };
  const until = async (length: number): Promise<void> => {
    while (seen.length < length) await sleep(10);
    await sleep(50);
  };

  for (const name of ['a', 'b', 'c']) await count(name);
  const first = await start();
  await until(3);
  expect(seen).toEqual(['counter-a', 'counter-b', 'counter-c']);
  first.abort();
  await count('d');
  const second = await start();
  await until(4);
  expect(seen.slice(3)).toEqual(['counter-d']);

  second.abort();
  await sleep(50);
  write.mockRestore();
  await database.destroy();
  await postgres.stop();
});
