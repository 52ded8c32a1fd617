// Audits of training: a job that ended is run once more by another node, from one of its checkpoints to its end, and the changes of
// the weights are compared; on machines of one runtime class they are equal to the bit. Where they differ, more nodes are asked until
// two agree: whoever differs from two is wrong (HONESTY: Protocol, 3).
import { auditRate, compare, tolerance, type Outcome } from '@oort/algorithms-honesty';
import { decodeWeights, WeightsCorrupt } from '@oort/algorithms-training';
import { loadState } from '@oort/kernel-decider';
import { ContentCorrupt, ContentMissing, type ContentStore } from '@oort/kernel-content';
import type { EventStore, RecordedEvent } from '@oort/kernel-eventstore';
import { newId, type Json } from '@oort/kernel-wire';
import type { ComputeEvent } from '@oort/schema/events/compute';
import { newJobId } from '@oort/schema/job-spec';
import { recordDecider } from './decide';
import type { Judge } from './judging';

type Of<Type extends ComputeEvent['type']> = Extract<ComputeEvent, { readonly type: Type }>['data'];
export interface Checkpoint { readonly step: number; readonly contentId: string; readonly hash: string }

export interface TrainingAuditPorts {
  readonly store: EventStore;
  readonly content: Pick<ContentStore, 'get'>;
  readonly judge: Judge;
  now(): Date;
  /** Queues a training under an id chosen before. */
  dispatchTraining(job: { readonly jobId: string; readonly spec: Json; readonly submitter: string; readonly avoid: readonly string[]; readonly checkpoint?: Checkpoint }): Promise<void>;
  nodeOf(nodeId: string): Promise<{ readonly operator: string; readonly runtimeClass: string } | null>;
  /** In [0, 1). */
  random(): number;
}

export interface TrainingAudit {
  /** Of a training that ended, or of the last word about one. */
  answered(event: RecordedEvent): Promise<void>;
  failed(event: RecordedEvent): void;
}

/** Of the rate at which the node's inferences are audited: a training audited is up to a training more. */
const share = 0.25;
const mostNodes = 5;
const largestHonestDeviation = 4e-7;

interface Run { readonly jobId: string; readonly nodeId: string; readonly operator: string; readonly weightsContentId: string }
interface Case { readonly spec: Json; readonly from: Checkpoint | null; readonly runtimeClass: string; readonly runs: Run[]; readonly asked: string[] }

/** What is under way ends with the process: a replay that was out is an ordinary job from then on. */
export function auditTraining(ports: TrainingAuditPorts): TrainingAudit {
  const { store, content, judge, now } = ports;
  const replays = new Map<string, Case>();

  async function open(jobId: string, run: Run, runtimeClass: string): Promise<void> {
    const { state } = await loadState(store, recordDecider, run.nodeId);
    if (ports.random() >= share * auditRate(state.records.compute)) return;
    const history = await historyOf(store, jobId);
    if (history === null) return;
    const { spec, starts } = { spec: history.spec, starts: startsOf(history, run.nodeId) };
    const from = starts[Math.floor(ports.random() * starts.length)] ?? null;
    await ask({ spec, from, runtimeClass, runs: [run], asked: [run.nodeId] });
  }

  async function ask(opened: Case): Promise<void> {
    const jobId = newJobId(now());
    replays.set(jobId, opened);
    const { spec, from, asked } = opened;
    await ports.dispatchTraining({ jobId, spec, submitter: newId('account', now()), avoid: [...asked], ...(from === null ? {} : { checkpoint: from }) });
  }

  async function replayed(opened: Case, run: Run, runtimeClass: string, cause: RecordedEvent): Promise<void> {
    // Nobody else came: one who answers twice says nothing.
    if (opened.asked.includes(run.nodeId)) return;
    opened.asked.push(run.nodeId);
    // Other machines round otherwise.
    if (runtimeClass === opened.runtimeClass) opened.runs.push(run);
    const agreed = await agreedRun(content, opened);
    if (agreed === null && opened.asked.length < mostNodes) return ask(opened);
    for (const one of opened.runs) {
      const { outcome, distance } = agreed === null ? { outcome: 'inconclusive' as const, distance: null } : await distanceOf(content, opened, one, agreed);
      await judge({ nodeId: one.nodeId, operator: one.operator, taskId: one.jobId, work: 'training', evidence: 'replica', outcome, distance }, cause);
    }
  }

  return {
    async answered(event) {
      const { jobId, kind, nodeId, output } = event.data as unknown as Of<'ResultRecorded'>;
      if (kind !== 'training') return;
      const opened = replays.get(jobId);
      replays.delete(jobId);
      const { weightsContentId } = (output ?? {}) as { readonly weightsContentId?: Json };
      const node = await ports.nodeOf(nodeId);
      if (node === null) return;
      const run = { jobId, nodeId, operator: node.operator, weightsContentId: typeof weightsContentId === 'string' ? weightsContentId : '' };
      await (opened === undefined ? open(jobId, run, node.runtimeClass) : replayed(opened, run, node.runtimeClass, event));
    },
    failed(event) { replays.delete((event.data as unknown as Of<'JobFailed'>).jobId); },
  };
}

interface History { readonly spec: Json; readonly checkpoints: readonly Of<'AttemptCheckpointed'>[] }

async function historyOf(store: EventStore, jobId: string): Promise<History | null> {
  let spec: Json = null;
  const checkpoints: Of<'AttemptCheckpointed'>[] = [];
  for await (const { type, data } of store.read(`job-${jobId}`)) {
    if (type === 'JobSubmitted') ({ spec } = data as unknown as Of<'JobSubmitted'>);
    if (type === 'AttemptCheckpointed') checkpoints.push(data as unknown as Of<'AttemptCheckpointed'>);
  }
  return spec === null ? null : { spec, checkpoints };
}

/** From where all that follows is the node's own: its own checkpoints, and what it went on from, which is nothing for who began. */
function startsOf({ checkpoints }: History, nodeId: string): readonly (Checkpoint | null)[] {
  let first = checkpoints.length;
  while (first > 0 && checkpoints[first - 1]?.nodeId === nodeId) first -= 1;
  return [first === 0 ? null : checkpoints[first - 1] ?? null, ...checkpoints.slice(first)]
    .map((one) => (one === null ? null : { step: one.step, contentId: one.contentId, hash: one.hash }));
}

/** The first of two that agree; null while there are none. */
async function agreedRun(content: TrainingAuditPorts['content'], opened: Case): Promise<Run | null> {
  for (const [index, one] of opened.runs.entries()) {
    for (const other of opened.runs.slice(index + 1)) if ((await distanceOf(content, opened, other, one)).outcome === 'pass') return one;
  }
  return null;
}

/** Of the change of the weights since the start, relative to that of the other. */
async function distanceOf(content: TrainingAuditPorts['content'], { spec, from }: Case, run: Run, truth: Run): Promise<{ readonly outcome: Outcome; readonly distance: number | null }> {
  if (run.weightsContentId === truth.weightsContentId && run.weightsContentId !== '') return { outcome: 'pass', distance: 0 };
  const { weightsContentId } = (spec ?? {}) as { readonly weightsContentId?: Json };
  const start = await weightsOf(content, from?.contentId ?? String(weightsContentId));
  const [given, expected] = [await weightsOf(content, run.weightsContentId), await weightsOf(content, truth.weightsContentId)];
  if (start === null || expected === null) return { outcome: 'inconclusive', distance: null };
  if (given === null) return { outcome: 'fail', distance: null };
  const { outcome, distance } = compare(change(given, start), change(expected, start), tolerance(largestHonestDeviation), true);
  return { outcome, distance: Number.isFinite(distance) ? distance : null };
}

type Tensors = ReadonlyMap<string, Float32Array>;

async function weightsOf(content: TrainingAuditPorts['content'], contentId: string): Promise<Tensors | null> {
  try {
    return new Map([...decodeWeights(await content.get(contentId)).weights].map(([name, { values }]) => [name, values]));
  } catch (error) {
    if (error instanceof WeightsCorrupt || error instanceof ContentMissing || error instanceof ContentCorrupt) return null;
    throw error;
  }
}

/** By the names of the result; the start may hold the optimiser's memory besides. Of other shapes it is of another length, and far away. */
function change(weights: Tensors, start: Tensors): readonly number[] {
  return [...weights].sort(([one], [other]) => (one < other ? -1 : 1)).flatMap(([name, values]) => {
    const before = start.get(name);
    return before?.length === values.length ? Array.from(values, (value, index) => value - (before[index] ?? 0)) : [];
  });
}
