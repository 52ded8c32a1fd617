import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract, fileKeyStore, memoryStore, openUpcast, openVisible, upcast, type Upcasters } from './index';
import type { Json } from '@oort/kernel-wire';
import type { EventStore, EventToAppend, RecordedEvent } from './port';

interface Measured1 { readonly celsius: number }
interface Measured2 { readonly temperature: { readonly value: number; readonly unit: string } }

/** Version 1 had degrees only, 2 named the unit, 3 has kelvins. */
const upcasters: Upcasters = {
  Measured: [
    (data) => ({ temperature: { value: (data as unknown as Measured1).celsius, unit: 'C' } }),
    (data) => ({ kelvins: (data as unknown as Measured2).temperature.value + 273.15 }),
  ],
};

const event = (id: string, schemaVersion: number, data: Json, type = 'Measured'): EventToAppend => (
  { id, type, data, metadata: { actor: 'a', correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion } });

const newest = { kelvins: 293.15 };

async function all(events: AsyncIterable<RecordedEvent>): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const one of events) found.push(one);
  return found;
}

async function written(store: EventStore): Promise<void> {
  await store.append('sensor-1', 'no-stream', [
    event('1', 1, { celsius: 20 }), event('2', 2, { temperature: { value: 20, unit: 'C' } }), event('3', 3, newest), event('4', 1, null, 'Other'),
  ]);
}

eventStoreContract('upcast', async () => openUpcast(memoryStore(), upcasters));

test('whatever version an event has in the log, stream, $all and subscription give the newest, and the log keeps what was written', async () => {
  const log = memoryStore();
  await written(log);
  const store = openUpcast(log, upcasters);
  const shapes = (events: readonly RecordedEvent[]) => events.map(({ data, metadata }) => [metadata.schemaVersion, data]);
  const expected = [[3, newest], [3, newest], [3, newest], [1, null]];
  expect(shapes(await all(store.read('sensor-1')))).toEqual(expected);
  expect(shapes(await all(store.readAll('start')))).toEqual(expected);
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  for await (const delivery of store.subscribe({ from: 'start', signal: stop.signal })) {
    if (delivery.kind === 'event') seen.push(delivery.event);
    else stop.abort();
  }
  expect(shapes(seen)).toEqual(expected);
  expect((await all(log.read('sensor-1'))).map(({ metadata }) => metadata.schemaVersion)).toEqual([1, 2, 3, 1]);
});

test('what is appended is marked as of the newest version', async () => {
  const log = memoryStore();
  await openUpcast(log, upcasters).append('sensor-1', 'no-stream', [event('1', 1, newest), event('2', 1, null, 'Other')]);
  expect((await all(log.read('sensor-1'))).map(({ metadata, data }) => [metadata.schemaVersion, data])).toEqual([[3, newest], [1, null]]);
});

test('sealed events of old versions are opened, then upcast; who has no key sees them as they are', async () => {
  const log = memoryStore();
  const visible = (): EventStore => openVisible(log, { visibilityOf: () => 'sealed', keys: fileKeyStore(mkdtempSync(join(tmpdir(), 'oort-upcast-'))) });
  const holder = visible();
  await written(holder);
  expect((await all(openUpcast(holder, upcasters).read('sensor-1'))).map(({ data }) => data)).toEqual([newest, newest, newest, null]);
  const [first] = await all(openUpcast(visible(), upcasters).read('sensor-1'));
  expect(first).toMatchObject({ metadata: { schemaVersion: 1 }, data: { sealed: expect.any(String) as string } });
});

test.each([0, 4, 1.5])('version %d, which nobody here knows, is a typed fault', (version) => {
  expect(() => upcast(event('1', version, null), upcasters)).toThrow(expect.objectContaining({ code: 'VERSION_UNKNOWN' }));
});
