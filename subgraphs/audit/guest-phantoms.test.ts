// Phantoms of officers: sent before the platform's own, known to nobody until they are opened, and judged only by answers that hold.
import { id } from 'ethers';
import { phantomLeaf, phantomPath, phantomRoot } from '@oort/algorithms-honesty';
import { memoryStore, type EventStore, type RecordedEvent } from '@oort/kernel-eventstore';
import { uuidV5, type Json } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import { jobSpecId } from '@oort/schema/job-spec';
import { verifyInclusion } from '@oort/kernel-merkle';
import { commitmentLeaf } from './commitment';
import type { GuestRefusal, GuestShown } from './guest-phantoms';
import { createOfficer, type Officer } from './officer';
import { expectedHashOf, type HandedIn, type Place } from './phantom';
import { createRecords } from './records';
import type { Referee } from './referee';

// The model under audit doubles its inputs.
const referee: Referee = {
  answer: (model, inputs) => (model === 'model' ? Promise.resolve(inputs.flat().map((value) => 2 * value)) : Promise.reject(new RangeError('no such model'))),
};
const officerAddress = `0x${'0f'.repeat(20)}`;
const court = `0x${'0c'.repeat(20)}`;
const salt = id('salt');
let time: Date;

interface Desk { readonly store: EventStore; readonly officer: Officer; readonly queue: { readonly jobId: string; readonly spec: Json }[] }

beforeEach(() => { time = new Date('2026-01-01T00:00:00Z'); });

async function desk(store: EventStore = memoryStore()): Promise<Desk> {
  const queue: { jobId: string; spec: Json }[] = [];
  const officer = await createOfficer({
    store, records: createRecords({ store, now: () => time }), referee, now: () => time, runtimeClass: 'cpu', appealMs: 1000,
    // Every job has a phantom beside it.
    random: () => 0,
    dispatch: ({ jobId, spec }) => { queue.push({ jobId, spec }); return Promise.resolve(); },
    nodeOf: () => Promise.resolve({ operator: '0x01', runtimeClass: 'cpu' }),
  });
  return { store, officer, queue };
}

interface Made { readonly handed: HandedIn; readonly place: Place; readonly expected: readonly number[] }

/** As many as there are answers; of each the first is what the officer takes for the truth. */
function made(inputs: readonly (readonly number[])[], answerOf = (row: readonly number[]): readonly number[] => row.map((value) => 2 * value), model = 'model'): readonly Made[] {
  const seat = { chainId: 33n, court, period: 7n, officer: officerAddress };
  const all = inputs.map((row, index) => {
    const spec = { modelContentId: model, input: [row], nonce: id(`nonce ${index}`).slice(2, 34) };
    const expected = answerOf(row);
    return { spec, expected, leaf: phantomLeaf(seat, { task: `0x${jobSpecId(spec)}`, expected: `0x${expectedHashOf(expected)}`, salt }) };
  });
  const leaves = all.map(({ leaf }) => leaf);
  return all.map(({ spec, expected, leaf }, index) => ({
    expected, place: { root: phantomRoot(leaves), count: leaves.length, index, path: phantomPath(leaves, index) },
    handed: { leaf, officer: officerAddress, period: '7', chainId: '33', court, spec, until: '2026-01-01T00:01:00.000Z' },
  }));
}

async function record(store: EventStore, type: string, data: Json): Promise<RecordedEvent> {
  const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  const stream = `job-${Math.random()}`;
  const { position, revision } = await store.append(stream, 'any', [{ id: uuidV5(`${stream}${type}`), type, data, metadata }]);
  return { id: uuidV5(`${stream}${type}`), stream, type, data, metadata, position, revision };
}

let jobs = 0;
/** A customer's job; answers what was sent beside it. */
async function beside({ store, officer, queue }: Desk, modelContentId = 'model'): Promise<{ readonly jobId: string; readonly spec: Json } | undefined> {
  const spec = { modelContentId, input: [[0, 0.25, 1]] };
  await officer.submitted(await record(store, 'JobSubmitted', { jobId: `work_${jobs++}`, kind: 'inference', submitter: 'account_1', subject: null, specHash: '', spec, reservedMicroUsd: '0' }));
  return queue.shift();
}

async function answer({ store, officer }: Desk, jobId: string, nodeId: string, outputs: readonly number[]): Promise<void> {
  await officer.answered(await record(store, 'ResultRecorded', { jobId, kind: 'inference', nodeId, subject: null, output: { outputs: [outputs] } }));
}

async function eventsOf(store: EventStore): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const { type, data } of store.readAll('start')) events.push({ type, data } as unknown as AuditEvent);
  return events;
}

const codeOf = (refusal: GuestRefusal | null): string => refusal?.code ?? 'taken';
const handIn = ({ officer }: Desk, { handed, place }: Made): Promise<GuestRefusal | null> => officer.guests.handIn(handed, place);
const open = ({ officer }: Desk, { handed: { leaf }, expected }: Made, shown = expected): Promise<GuestRefusal | null> => officer.guests.open(leaf, officerAddress, { expected: shown, salt });

it('sends them in place of its own, commits to their leaves, and judges by what the officer opens', async () => {
  const place = await desk();
  const all = made([[0.1, 0.2], [0.3, 0.4]]);
  for (const each of all) expect(codeOf(await handIn(place, each))).toBe('taken');
  const sent = [await beside(place), await beside(place)];
  expect(sent.map((job) => job?.spec)).toEqual(all.map(({ handed }) => handed.spec));
  const [first] = all as [Made, Made];
  expect(codeOf(await open(place, first))).toBe('PHANTOM_NOT_ANSWERED');
  await answer(place, sent[0]?.jobId ?? '', 'node_good', first.expected);
  await answer(place, sent[1]?.jobId ?? '', 'node_bad', [9, 9]);
  expect((await eventsOf(place.store)).some(({ type }) => type === 'VerdictReached')).toBe(false);
  expect(codeOf(await open(place, first, [1, 1]))).toBe('WRONG_OPENING');
  expect(codeOf(await place.officer.guests.open(first.handed.leaf, court, { expected: first.expected, salt }))).toBe('PHANTOM_UNKNOWN');
  for (const each of all) expect(codeOf(await open(place, each))).toBe('taken');
  expect(codeOf(await open(place, first))).toBe('PHANTOM_OPENED_ALREADY');
  const events = await eventsOf(place.store);
  const verdicts = events.flatMap((event) => (event.type === 'VerdictReached' ? [[event.data.nodeId, event.data.evidence, event.data.outcome, event.data.officer]] : []));
  expect(verdicts).toEqual([['node_good', 'phantom', 'pass', officerAddress], ['node_bad', 'phantom', 'fail', officerAddress]]);
  const committed = events.flatMap((event) => (event.type === 'TaskCommitted' && event.data.isPhantom ? [event.data] : []));
  expect(committed.map(({ expectedHash, expected }) => [`0x${expectedHash ?? ''}`, expected])).toEqual(all.map(({ handed }) => [handed.leaf, null]));
  // Both of the officer's are out; the next one is the platform's own.
  expect((await beside(place))?.spec).not.toHaveProperty('nonce');
  expect((await place.officer.guests.of(officerAddress, '7')).map(({ state }) => state)).toEqual(['opened', 'opened']);
});

it('holds no answer, and nothing that everybody may read, before it is opened', async () => {
  const place = await desk();
  const [one] = made([[0.123, 0.456]]) as [Made];
  await handIn(place, one);
  const sent = await beside(place);
  await answer(place, sent?.jobId ?? '', 'node_a', [0.5, 0.5]);
  const text = JSON.stringify(await eventsOf(place.store));
  expect(text).not.toContain('0.246');
  expect(text).not.toContain(expectedHashOf(one.expected));
});

it('takes what the officer committed to, for a model and inputs that it can run, once', async () => {
  const place = await desk();
  const [one, two] = made([[0.1, 0.2], [0.3, 0.4]]) as [Made, Made];
  expect(codeOf(await handIn(place, { ...one, place: two.place }))).toBe('PHANTOM_NOT_COMMITTED');
  const spec = one.handed.spec as { readonly [name: string]: Json };
  for (const other of [{ ...spec, nonce: 'short' }, { ...spec, class: 'reserved' }, { ...spec, input: 'x' }, { ...spec, modelContentId: 'other' }]) {
    expect(codeOf(await handIn(place, { ...one, handed: { ...one.handed, spec: other } }))).toBe('SPEC_INVALID');
  }
  expect(codeOf(await handIn(place, one))).toBe('taken');
  expect(codeOf(await handIn(place, one))).toBe('SPEC_INVALID');
  // Sent twice it is there once.
  expect(codeOf(await handIn(await desk(place.store), one))).toBe('taken');
  expect((await eventsOf(place.store)).filter(({ type }) => type === 'PhantomHandedIn')).toHaveLength(1);
});

it('convicts nobody by an answer that the referee does not compute', async () => {
  const place = await desk();
  const [lie] = made([[0.1, 0.2]], () => [7, 7]) as [Made];
  await handIn(place, lie);
  const sent = await beside(place);
  await answer(place, sent?.jobId ?? '', 'node_good', [0.2, 0.4]);
  expect(codeOf(await open(place, lie))).toBe('taken');
  const events = await eventsOf(place.store);
  expect(events.some(({ type }) => type === 'VerdictReached')).toBe(false);
  expect(events).toContainEqual(expect.objectContaining({ type: 'PhantomOpened', data: expect.objectContaining({ holds: false }) }));
});

it('goes on after a restart: what waited is sent, what was out is judged', async () => {
  const place = await desk();
  const [out, waiting] = made([[0.1, 0.2], [0.3, 0.4]]) as [Made, Made];
  for (const each of [out, waiting]) await handIn(place, each);
  const sent = await beside(place);
  const again = await desk(place.store);
  expect((await beside(again))?.spec).toEqual(waiting.handed.spec);
  await answer(again, sent?.jobId ?? '', 'node_bad', [5, 5]);
  const last = await desk(place.store);
  expect(codeOf(await open(last, out))).toBe('taken');
  expect((await eventsOf(place.store)).filter(({ type }) => type === 'VerdictReached')).toHaveLength(1);
});

it('sends none after the period, for another model, or that ended without an answer again', async () => {
  const place = await desk();
  const [one, two] = made([[0.1, 0.2], [0.3, 0.4]]) as [Made, Made];
  for (const each of [one, two]) await handIn(place, each);
  const sent = await beside(place);
  await place.officer.ended(await record(place.store, 'JobFailed', { jobId: sent?.jobId ?? '', kind: 'inference', submitter: 'account_1', reason: '' }));
  expect(codeOf(await open(place, one))).toBe('PHANTOM_NOT_ANSWERED');
  time = new Date('2026-01-01T00:01:00.000Z');
  expect((await beside(place))?.spec).not.toHaveProperty('nonce');
  expect((await place.officer.guests.of(officerAddress, '7')).map(({ state }) => state)).toEqual(['failed', 'waiting']);
});

it('tells the officer where the commitment to a task stands, as soon as its batch is closed and a node has answered', async () => {
  const place = await desk();
  const all = made([[0.1, 0.2], [0.3, 0.4]]);
  for (const each of all) await handIn(place, each);
  const sent = [await beside(place), await beside(place)];
  const shown = async (): Promise<readonly GuestShown[]> => place.officer.guests.of(officerAddress, '7');
  await answer(place, sent[0]?.jobId ?? '', 'node_a', [0.2, 0.4]);
  expect((await shown()).map(({ commitment }) => commitment)).toEqual([null, null]);
  await place.officer.turnBatch();
  const [{ commitment }, other] = await shown() as [GuestShown, GuestShown];
  expect(other.commitment).toBeNull();
  const [closed] = (await eventsOf(place.store)).flatMap((event) => (event.type === 'BatchCommitted' ? [event.data] : []));
  const { salt: own = '', taskId = '', index = 0, size = 0, path = [], batchId } = commitment ?? {};
  expect([batchId, size]).toEqual([closed?.batchId, closed?.count]);
  const leaf = commitmentLeaf({ taskId, salt: own, expectedHash: all[0]?.handed.leaf.slice(2) ?? '', isPhantom: true });
  expect(verifyInclusion({ leaf, index, size, proof: path.map((each) => Buffer.from(each.slice(2), 'hex')), root: Buffer.from(closed?.root ?? '', 'hex') })).toBe(true);
});

it('names the officer whose phantom brought the case as its finder', async () => {
  const place = await desk();
  const all = made(Array.from({ length: 24 }, (_, index) => [0.1, index / 24]));
  for (const each of all) await handIn(place, each);
  for (const each of all) {
    const sent = await beside(place);
    await answer(place, sent?.jobId ?? '', 'node_bad', [9, 9]);
    await open(place, each);
  }
  const proposed = (await eventsOf(place.store)).flatMap((event) => (event.type === 'SlashProposed' ? [event.data] : []));
  expect(proposed[0]).toMatchObject({ nodeId: 'node_bad', finder: officerAddress });
});
