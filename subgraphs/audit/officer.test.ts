import { SeededRandom } from '@oort/algorithms-random';
import { memoryStore, type EventStore, type RecordedEvent } from '@oort/kernel-eventstore';
import { uuidV5, type Json } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import { createOfficer, type Officer } from './officer';
import { createRecords } from './records';
import type { Referee } from './referee';

// The model under audit doubles its inputs; whoever answers anything else cheats.
const referee: Referee = { answer: (_, inputs) => Promise.resolve(inputs.flat().map((value) => 2 * value)) };
const honest = (inputs: readonly (readonly number[])[]): number[][] => inputs.map((row) => row.map((value) => 2 * value));
const cheating = (inputs: readonly (readonly number[])[]): number[][] => inputs.map((row) => row.map((value) => 1 - value));

interface Market { readonly store: EventStore; readonly officer: Officer; readonly queue: { jobId: string; spec: Json }[] }

async function market(store: EventStore = memoryStore(), seed?: number): Promise<Market> {
  const queue: { jobId: string; spec: Json }[] = [];
  const officer = await createOfficer({
    store, records: createRecords({ store, now: () => new Date('2026-01-01T00:00:00Z') }), referee, now: () => new Date('2026-01-01T00:00:00Z'), runtimeClass: 'cpu', appealMs: 1000,
    dispatch: ({ jobId, spec }) => { queue.push({ jobId, spec }); return Promise.resolve(); },
    nodeOf: () => Promise.resolve({ operator: '0x01', runtimeClass: 'cpu' }),
    ...(seed === undefined ? {} : { random: seeded(seed) }),
  });
  return { store, officer, queue };
}

function seeded(seed: number): () => number {
  const stream = new SeededRandom(seed);
  return () => stream.uniform();
}

async function record(store: EventStore, type: string, data: Json): Promise<RecordedEvent> {
  const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  const stream = `job-${Math.random()}`;
  const { position, revision } = await store.append(stream, 'any', [{ id: uuidV5(`${stream}${type}`), type, data, metadata }]);
  return { id: uuidV5(`${stream}${type}`), stream, type, data, metadata, position, revision };
}

async function submit({ store, officer }: Market, jobId: string, spec: Json): Promise<void> {
  await officer.submitted(await record(store, 'JobSubmitted', { jobId, kind: 'inference', submitter: 'account_1', subject: null, specHash: '', spec, reservedMicroUsd: '0' }));
}

async function work(place: Market, jobId: string, spec: Json, nodeId: string, honestly = false): Promise<void> {
  const { input } = spec as { readonly input: number[][] };
  const outputs = nodeId === 'node_cheat' && !honestly ? cheating(input) : honest(input);
  await place.officer.answered(await record(place.store, 'ResultRecorded', { jobId, kind: 'inference', nodeId, subject: null, output: { outputs } }));
}

async function eventsOf(store: EventStore): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const { type, data } of store.readAll('start')) events.push({ type, data } as unknown as AuditEvent);
  return events;
}

async function trade(place: Market, jobs: number, nodes: readonly string[], name = 'job'): Promise<void> {
  let turn = 0;
  for (let job = 0; job < jobs; job += 1) {
    const spec = { modelContentId: 'model', input: [[0, 0.5, job / jobs, 1]] };
    await submit(place, `${name}_${job}`, spec);
    place.queue.push({ jobId: `${name}_${job}`, spec });
    while (place.queue.length > 0) {
      const next = place.queue.shift();
      if (next === undefined) break;
      if (next.jobId !== `${name}_${job}`) await submit(place, next.jobId, next.spec);
      await work(place, next.jobId, next.spec, nodes[turn++ % nodes.length] ?? '');
    }
  }
}

describe('the officer', () => {
  it('catches the node that answers wrongly, and no honest one', async () => {
    const place = await market();
    await trade(place, 60, ['node_a', 'node_b', 'node_cheat']);
    const events = await eventsOf(place.store);
    const slashed = events.flatMap((event) => (event.type === 'SlashProposed' ? [event.data.nodeId] : []));
    expect(new Set(slashed)).toEqual(new Set(['node_cheat']));
    const failed = events.flatMap((event) => (event.type === 'VerdictReached' && event.data.outcome === 'fail' ? [event.data.nodeId] : []));
    expect(new Set(failed)).toEqual(new Set(['node_cheat']));
  });

  it('commits to every task before it is answered, and to a phantom before it is dispatched', async () => {
    const place = await market();
    await trade(place, 30, ['node_a', 'node_b']);
    const seen = new Set<string>();
    for (const event of await eventsOf(place.store)) {
      if (event.type === 'TaskCommitted') seen.add(event.data.taskId);
      if (event.type === 'VerdictReached') expect(seen).toContain(event.data.taskId);
    }
    expect(seen.size).toBeGreaterThan(30);
  });

  it('never sends the same phantom twice', async () => {
    const place = await market();
    await trade(place, 40, ['node_a', 'node_b']);
    const hashes = (await eventsOf(place.store)).flatMap((event) => (event.type === 'TaskCommitted' && event.data.isPhantom ? [event.data.expectedHash] : []));
    expect(hashes.length).toBeGreaterThan(5);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('judges a phantom that was out when it was restarted, and opens batches only when all that is in them is back', async () => {
    const place = await market();
    let tries = 0;
    while (place.queue.length === 0) await submit(place, `job_${tries++}`, { modelContentId: 'model', input: [[0.25, 0.5]] });
    const [phantom] = place.queue;
    await place.officer.turnBatch();
    const again = await market(place.store);
    await again.officer.turnBatch();
    expect((await eventsOf(place.store)).some(({ type }) => type === 'BatchOpened')).toBe(false);
    await work(again, phantom?.jobId ?? '', phantom?.spec ?? null, 'node_a');
    await again.officer.turnBatch();
    expect((await eventsOf(place.store)).some(({ type }) => type === 'BatchOpened')).toBe(false);
    for (let job = 0; job < tries; job += 1) await work(again, `job_${job}`, phantom?.spec ?? null, 'node_a');
    await again.officer.turnBatch();
    const types = (await eventsOf(place.store)).map(({ type }) => type);
    expect(types).toContain('VerdictReached');
    expect(types.filter((type) => type === 'BatchOpened')).toHaveLength(1);
  });

  it('opens a batch only when nothing in it is still to be answered: who is asked must not know that it is work', async () => {
    const place = await market(memoryStore(), 3);
    const spec = { modelContentId: 'model', input: [[0.25, 0.5]] };
    for (const jobId of ['answered', 'early', 'failed', 'late']) {
      if (jobId === 'early') await work(place, jobId, spec, 'node_a');
      await submit(place, jobId, spec);
    }
    for (const { jobId, spec: asked } of place.queue.splice(0)) await work(place, jobId, asked, 'node_a');
    await work(place, 'answered', spec, 'node_a');
    await place.officer.ended(await record(place.store, 'JobFailed', { jobId: 'failed', kind: 'inference', submitter: 'account_1', reason: '' }));
    const opened = async (officer: Officer): Promise<number> => {
      await officer.turnBatch();
      return (await eventsOf(place.store)).filter(({ type }) => type === 'BatchOpened').length;
    };
    await place.officer.turnBatch();
    expect(await opened(place.officer)).toBe(0);
    const again = await market(place.store, 3);
    expect(await opened(again.officer)).toBe(0);
    for (const { jobId, spec: asked } of [...place.queue, ...again.queue]) await work(again, jobId, asked, 'node_b');
    await work(again, 'late', spec, 'node_a');
    expect(await opened(again.officer)).toBe(1);
  });

  it('notices that nodes recognise phantoms, says so once, and sends most audits out as replicas; after a restart too', async () => {
    const place = await market(memoryStore(), 1);
    const phantomIds = async (): Promise<ReadonlySet<string>> => new Set((await eventsOf(place.store)).flatMap((event) => (event.type === 'TaskCommitted' && event.data.isPhantom ? [event.data.taskId] : [])));
    const shareOfPhantoms = async (name: string): Promise<number> => {
      const before = (await eventsOf(place.store)).length;
      await tradeSeeing(place, 600, name, phantomIds);
      const verdicts = (await eventsOf(place.store)).slice(before).filter((event) => event.type === 'VerdictReached');
      return verdicts.filter((event) => event.type === 'VerdictReached' && event.data.evidence === 'phantom').length / verdicts.length;
    };
    await tradeSeeing(place, 400, 'job', phantomIds);
    const alarms = (await eventsOf(place.store)).filter(({ type }) => type === 'LeakSuspected');
    expect(alarms).toMatchObject([{ data: { leak: 'phantoms-recognised' } }]);
    expect(await shareOfPhantoms('more')).toBeLessThan(0.25);
    const again = { ...place, officer: (await market(place.store, 2)).officer };
    await tradeSeeing(again, 50, 'again', phantomIds);
    expect((await eventsOf(place.store)).filter(({ type }) => type === 'LeakSuspected')).toHaveLength(1);
  });
});

/** Three honest nodes, and two that answer phantoms well and everything else badly. */
async function tradeSeeing(place: Market, jobs: number, name: string, phantomIds: () => Promise<ReadonlySet<string>>): Promise<void> {
  const nodes = ['node_a', 'node_b', 'node_c', 'node_cheat', 'node_cheat'];
  let turn = 0;
  for (let job = 0; job < jobs; job += 1) {
    const spec = { modelContentId: 'model', input: [[0, 0.5, job / jobs, 1]] };
    await submit(place, `${name}_${job}`, spec);
    place.queue.push({ jobId: `${name}_${job}`, spec });
    while (place.queue.length > 0) {
      const next = place.queue.shift();
      if (next === undefined) break;
      const node = nodes[turn++ % nodes.length] ?? '';
      const seen = node === 'node_cheat' && (await phantomIds()).has(next.jobId);
      await work(place, next.jobId, next.spec, node, seen);
    }
  }
}
