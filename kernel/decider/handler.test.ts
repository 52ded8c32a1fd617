import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { command, createHandler, loadState, scenario } from './index';
import { counter } from './fixture-counter';

const now = new Date('2026-01-01T00:00:00Z');
const count = (by: number, id?: string) => command('Count', { by }, id === undefined ? { actor: 'a', now } : { actor: 'a', now, id });

async function typesOf(store: EventStore, stream: string): Promise<string[]> {
  const types: string[] = [];
  for await (const event of store.read(stream)) types.push(event.type);
  return types;
}

test('the rule alone', () => {
  scenario(counter).given([]).when(count(2)).thenEvents([{ type: 'Counted', data: { by: 2 } }]);
  scenario(counter).given([{ type: 'Counted', data: { by: 2 } }]).when(count(2)).thenRefused('LIMIT_REACHED', { limit: 3 });
  scenario(counter).given([{ type: 'Counted', data: { by: 1 } }]).when(count(2)).thenState(3);
});

test('a command appends, a refusal writes nothing', async () => {
  const store = memoryStore();
  const handle = createHandler({ store, decider: counter, now: () => now });
  expect(await handle('x', count(3))).toEqual({ ok: true, state: 3, revision: 0n, position: 0n });
  expect(await handle('x', count(1))).toMatchObject({ ok: false, refusal: { code: 'LIMIT_REACHED' } });
  expect(await typesOf(store, 'counter-x')).toEqual(['Counted']);
  expect(await loadState(store, counter, 'x')).toEqual({ state: 3, revision: 0n });
});

test('a command sent twice is answered as before, though the rule would refuse it by now', async () => {
  const store = memoryStore();
  const handle = createHandler({ store, decider: counter, now: () => now });
  const first = await handle('x', count(3, 'once'));
  expect(await handle('x', count(3, 'once'))).toEqual(first);
  const elsewhere = createHandler({ store, decider: counter, now: () => now });
  expect(await elsewhere('x', count(3, 'once'))).toEqual(first);
  expect(await typesOf(store, 'counter-x')).toEqual(['Counted']);
});

test('two processes at one aggregate: the later one reads what the earlier wrote and decides again', async () => {
  const store = memoryStore();
  const handlers = [1, 2].map(() => createHandler({ store, decider: counter, now: () => now }));
  const outcomes = await Promise.all(handlers.flatMap((handle) => [1, 2, 3].map(() => handle('x', count(1)))));
  expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(3);
  expect((await loadState(store, counter, 'x')).state).toBe(3);
});

test('who asked and why is recorded', async () => {
  const store = memoryStore();
  const handle = createHandler({ store, decider: counter, now: () => now });
  await handle('x', count(1, 'first'));
  for await (const cause of store.read('counter-x')) {
    await handle('y', command('Count', { by: 1 }, { actor: 'platform', now, cause }));
    for await (const event of store.read('counter-y')) {
      expect(event.metadata).toEqual({
        actor: 'platform', correlationId: 'first', causationId: cause.id, occurredAt: now.toISOString(), schemaVersion: 1,
      });
    }
  }
});
