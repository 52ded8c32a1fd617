import { encodeWeights } from '@oort/algorithms-training';
import { contentIdOf, ContentMissing } from '@oort/kernel-content';
import { memoryStore, type EventStore, type RecordedEvent } from '@oort/kernel-eventstore';
import { uuidV5, type Json } from '@oort/kernel-wire';
import type { AuditEvent } from '@oort/schema/events/audit';
import { createJudge } from './judging';
import { createRecords } from './records';
import { auditTraining, type Checkpoint, type TrainingAudit } from './training';

type Verdict = Extract<AuditEvent, { readonly type: 'VerdictReached' }>['data'];

let store: EventStore;
let audit: TrainingAudit;
let queue: { readonly jobId: string; readonly avoid: readonly string[]; readonly checkpoint?: Checkpoint }[];
let draw: number;
const contents = new Map<string, Buffer>();
let written = 0;

function weights(...values: readonly number[]): string {
  const bytes = encodeWeights(new Map([['layer.weight', { shape: [values.length], values: Float32Array.from(values) }]]));
  contents.set(contentIdOf(bytes), bytes);
  return contentIdOf(bytes);
}

const start = weights(0, 0);
const honest = weights(1, 2);
/** As another machine of the class might round. */
const near = weights(1.0000001, 2);
const wrong = weights(2, 1);
const spec: Json = { weightsContentId: start };

beforeEach(() => {
  store = memoryStore();
  queue = [];
  draw = 0;
  const now = (): Date => new Date('2026-01-01T00:00:00Z');
  audit = auditTraining({
    store, now, random: () => draw, judge: createJudge({ records: createRecords({ store, now }), now, appealMs: 1000 }),
    content: { get: (id) => { const bytes = contents.get(id); return bytes === undefined ? Promise.reject(new ContentMissing(id)) : Promise.resolve(bytes); } },
    nodeOf: (nodeId) => Promise.resolve({ operator: '0x01', runtimeClass: nodeId.startsWith('gpu') ? 'cuda' : 'cpu' }),
    dispatchTraining: (job) => { queue.push(job); return Promise.resolve(); },
  });
});

async function happened(stream: string, type: string, data: Json): Promise<RecordedEvent> {
  const metadata = { actor: 'platform', correlationId: 'c', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };
  const { position } = await store.append(stream, 'any', [{ id: uuidV5(String(written += 1)), type, data: data, metadata }]);
  for await (const event of store.readAll({ after: position - 1n }, { limit: 1 })) return event;
  throw new TypeError('nothing was appended');
}

async function ends(jobId: string, nodeId: string, weightsContentId: string): Promise<void> {
  await audit.answered(await happened(`job-${jobId}`, 'ResultRecorded', { jobId, kind: 'training', nodeId, subject: null, output: { weightsContentId } }));
}

async function trained(nodeId: string, weightsContentId: string, checkpoints: readonly (readonly [string, number])[] = []): Promise<void> {
  await happened('job-job_1', 'JobSubmitted', { jobId: 'job_1', kind: 'training', submitter: 'a', subject: null, specHash: '', spec, reservedMicroUsd: '1' });
  for (const [by, step] of checkpoints) await happened('job-job_1', 'AttemptCheckpointed', { jobId: 'job_1', attempt: 1, nodeId: by, step, contentId: start, previousHash: '', hash: `h${step}` });
  await ends('job_1', nodeId, weightsContentId);
}

async function verdicts(): Promise<readonly (readonly [string, string])[]> {
  const found: (readonly [string, string])[] = [];
  for await (const { type, data } of store.readAll('start', { filter: { types: ['VerdictReached'] } })) {
    const { nodeId, outcome, work, evidence } = data as unknown as Verdict;
    expect([type, work, evidence]).toEqual(['VerdictReached', 'training', 'replica']);
    found.push([nodeId, outcome]);
  }
  return found;
}

const replayedBy = async (nodeId: string, weightsContentId: string): Promise<void> => ends(queue.shift()?.jobId ?? '', nodeId, weightsContentId);

describe('a training that is audited', () => {
  it.each([['to the bit', honest], ['within the rounding of their class', near]])('passes both nodes when they agree %s', async (_, other) => {
    await trained('node_a', honest);
    expect(queue).toMatchObject([{ avoid: ['node_a'] }]);
    await replayedBy('node_b', other);
    expect(await verdicts()).toEqual([['node_a', 'pass'], ['node_b', 'pass']]);
    expect(queue).toEqual([]);
  });

  it('goes to a third node when two differ, and whoever differs from two fails', async () => {
    await trained('node_a', wrong);
    await replayedBy('node_b', honest);
    expect(queue).toMatchObject([{ avoid: ['node_a', 'node_b'] }]);
    await replayedBy('node_c', honest);
    expect(await verdicts()).toEqual([['node_a', 'fail'], ['node_b', 'pass'], ['node_c', 'pass']]);
  });

  it('fails whoever returned no weights at all', async () => {
    await trained('node_a', 'nothing');
    await replayedBy('node_b', honest);
    await replayedBy('node_c', honest);
    expect(await verdicts()).toEqual([['node_a', 'fail'], ['node_b', 'pass'], ['node_c', 'pass']]);
  });

  it('says nothing when five nodes agree on nothing, when nobody else comes, and by machines of another class', async () => {
    await trained('node_a', wrong);
    for (const [index, nodeId] of ['gpu_b', 'node_c', 'node_d', 'gpu_e'].entries()) await replayedBy(nodeId, weights(index, 7));
    expect(await verdicts()).toEqual([['node_a', 'inconclusive'], ['node_c', 'inconclusive'], ['node_d', 'inconclusive']]);
    await trained('node_f', wrong);
    await replayedBy('node_f', wrong);
    expect(queue).toEqual([]);
    expect(await verdicts()).toHaveLength(3);
  });

  it('is run again from a checkpoint after which all is the node\'s own', async () => {
    const history = [['node_x', 10], ['node_a', 20], ['node_a', 30]] as const;
    await trained('node_a', honest, history);
    expect(queue[0]?.checkpoint).toEqual({ step: 10, contentId: start, hash: 'h10' });
    draw = 0.24;
    await trained('node_a', honest);
    // Of three that would do, the first third of the draws takes the first.
    expect(queue[1]?.checkpoint).toMatchObject({ step: 10 });
  });

  it('is left alone when the draw says so', async () => {
    draw = 0.3;
    await trained('node_a', honest);
    expect(queue).toEqual([]);
  });
});
