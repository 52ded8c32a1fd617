import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore, type EventStore } from '@oort/kernel-eventstore';
import { createTimers, type RunningTimers } from './index';

let store: EventStore;
let time: Date;
let stop: AbortController;
let fired: string[];

beforeEach(() => {
  store = memoryStore();
  time = new Date('2026-01-01T00:00:00Z');
  stop = new AbortController();
  fired = [];
});
afterEach(() => stop.abort());

async function running(handler: (id: string) => Promise<void> = async () => undefined): Promise<RunningTimers> {
  const timers = createTimers({ store, now: () => time });
  timers.onFire('test', async ({ id }) => {
    await handler(id);
    fired.push(id);
  });
  await timers.start(stop.signal);
  return timers;
}

const at = (seconds: number): Date => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000);
const timer = (id: string, seconds: number) => ({ id, kind: 'test', at: at(seconds), payload: null });

test('fires when due, once, in order of the deadlines, and not what was cancelled', async () => {
  const timers = await running();
  await timers.schedule(timer('late', 20));
  await timers.schedule(timer('early', 10));
  await timers.schedule(timer('dropped', 10));
  await timers.schedule(timer('early', 99));
  await timers.cancel('dropped');
  await sleep(120);
  expect(fired).toEqual([]);
  time = at(30);
  await sleep(150);
  expect(fired).toEqual(['early', 'late']);
});

test('what was due while nobody ran fires after the restart, and what fired before does not', async () => {
  const timers = await running();
  await timers.schedule(timer('first', 1));
  await timers.schedule(timer('second', 60));
  time = at(2);
  await sleep(120);
  stop.abort();
  expect(fired).toEqual(['first']);
  stop = new AbortController();
  time = at(120);
  await running();
  await sleep(120);
  expect(fired).toEqual(['first', 'second']);
});

test('a handler that fails is run again', async () => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  let failures = 1;
  const timers = await running(async () => {
    if ((failures -= 1) >= 0) throw new RangeError('planned');
  });
  await timers.schedule(timer('stubborn', 0));
  await sleep(1300);
  write.mockRestore();
  expect(fired).toEqual(['stubborn']);
});
