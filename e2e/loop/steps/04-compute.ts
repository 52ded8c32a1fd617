// Training in federated rounds on two nodes at a time. One worker is killed in the middle of its job, and another node goes on
// from its last checkpoint.
import { encodeExampleSet } from '@oort/algorithms-training';
import { contentIdOf } from '@oort/kernel-content';
import { printConfusion } from '../confusion';
import type { AgentProcess, LoopContext, Step } from '../step';

interface Job { readonly id: string; readonly kind: string; readonly status: string; readonly attempt: number; readonly nodeId: string | null }
interface Checkpoint { readonly jobId: string; readonly attempt: number; readonly nodeId: string; readonly step: number; readonly previousHash: string; readonly hash: string }
interface Run {
  readonly status: string; readonly failure: string | null; readonly nodeIds: readonly string[];
  readonly jobs: readonly Job[]; readonly checkpoints: readonly Checkpoint[];
  readonly completedRounds: readonly { readonly round: number; readonly nodeIds: readonly string[] }[];
  readonly metrics: { readonly examples: number; readonly accuracy: number; readonly labels: readonly string[]; readonly confusion: readonly (readonly number[])[] } | null;
}
interface Made { readonly __typename: string; readonly id?: string; readonly code?: string; readonly message?: string }

const createModel = `mutation Create($input: CreateModelInput!) {
  createModel(input: $input) { __typename ... on Model { id } ... on Refusal { code message } }
}`;
const startRun = `mutation Start($input: StartTrainingRunInput!) {
  startTrainingRun(input: $input) { __typename ... on TrainingRun { id } ... on Refusal { code message } }
}`;
const runQuery = `query Run($id: ID!) { trainingRun(id: $id) { status failure nodeIds metrics
  jobs { id kind status attempt nodeId } checkpoints { jobId attempt nodeId step previousHash hash } completedRounds { round nodeIds } } }`;

const layers = [
  { kind: 'conv2d', filters: 8, kernel: 5, padding: 2 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 },
  { kind: 'conv2d', filters: 16, kernel: 5, padding: 2 }, { kind: 'relu' }, { kind: 'max-pool', size: 2 },
  { kind: 'flatten' }, { kind: 'dense', units: 64 }, { kind: 'relu' },
];

export const step: Step = { number: 4, title: 'Compute: training on nodes, one of them killed', run };

async function run(context: LoopContext): Promise<void> {
  const { labels } = context.images;
  const architecture = { input: [1, 28, 28], labels, layers: [...layers, { kind: 'dense', units: labels.length }] };
  const modelId = await made(context, createModel, 'createModel', { name: 'digits', architecture });
  const evaluationContentId = await uploadHeldOut(context);
  const runId = await made(context, startRun, 'startTrainingRun', {
    modelId, datasetVersionIds: [context.artifacts.datasetVersionId], evaluationContentId, seed: 7, workers: 2,
    rounds: context.quick ? 2 : 3, hyperParameters: { localSteps: context.quick ? 100 : 130 },
  });
  if (modelId === null || runId === null) return;
  const killed = await killOneWorker(context, runId);
  const ended = await context.eventually('the end of the training run', async () => {
    const current = await read(context, runId);
    return current.status === 'RUNNING' ? null : current;
  }, 180_000);
  await killed?.agent.start();
  check(context, ended, killed);
  Object.assign(context.artifacts, { modelId, trainingRunId: runId, evaluationContentId });
}

function check(context: LoopContext, ended: Run, killed: Killed | null): void {
  context.check('the training run completed', ended.status === 'COMPLETED', ended.failure ?? `${ended.completedRounds.length} rounds`);
  const workers = new Set(ended.completedRounds.flatMap(({ nodeIds }) => nodeIds));
  context.check('two nodes or more trained', workers.size >= 2, `${workers.size} nodes`);
  const job = ended.jobs.find(({ id }) => id === killed?.jobId);
  context.check('a worker was killed in the middle of its job', killed !== null, killed === null ? 'no checkpoint came in time' : `${killed.agent.name} after step ${killed.step}`);
  context.check('the job went on elsewhere', job?.status === 'COMPLETED' && job.attempt > 1 && job.nodeId !== killed?.agent.nodeId, `attempt ${job?.attempt ?? 0}`);
  const chain = ended.checkpoints.filter(({ jobId }) => jobId === killed?.jobId);
  context.check('it went on from the checkpoint and did not start again', goesOn(chain), chain.map(({ attempt, step: at }) => `${attempt}:${at}`).join(' '));
  if (ended.metrics === null) return context.check('the model was marked', false);
  const { accuracy, examples } = ended.metrics;
  const aim = aimOf(context);
  context.check(`accuracy on held-out images is at least ${aim}`, accuracy >= aim, `${(accuracy * 100).toFixed(1)} % of ${examples}`);
  printConfusion(ended.metrics, context);
}

/** What is asked of the default digits; of a user's own images only that the model beats guessing clearly. */
function aimOf({ quick, images: { labels } }: LoopContext): number {
  if (labels.join('') !== '0123456789') return Math.min(0.9, 2 / labels.length);
  return quick ? 0.85 : 0.92;
}

/** Each checkpoint names the one before it, and no attempt comes back to a step that an earlier one had saved. */
function goesOn(chain: readonly Checkpoint[]): boolean {
  return chain.every(({ previousHash, step: at }, index) => {
    const before = chain[index - 1];
    return before === undefined || (previousHash === before.hash && at > before.step);
  });
}

interface Killed { readonly agent: AgentProcess; readonly jobId: string; readonly step: number }

/** Waits for the first checkpoint of a job that runs, and kills its node. Null when the run was over before. */
async function killOneWorker(context: LoopContext, runId: string): Promise<Killed | null> {
  return context.eventually('a worker in the middle of its job', async () => {
    const current = await read(context, runId);
    if (current.status !== 'RUNNING') return { agent: null };
    for (const { jobId, nodeId, step: at } of [...current.checkpoints].reverse()) {
      const job = current.jobs.find(({ id }) => id === jobId);
      const agent = [...context.agents.values()].find((one) => one.nodeId === nodeId);
      if (agent === undefined || job?.status !== 'LEASED' || job.nodeId !== nodeId) continue;
      await agent.kill('SIGKILL');
      context.progress(`${agent.name} was killed with SIGKILL after step ${at} of its job`);
      return { agent, jobId, step: at };
    }
    return null;
  }, 120_000).then((found) => (found.agent === null ? null : found as Killed));
}

async function read(context: LoopContext, id: string): Promise<Run> {
  return (await context.graphql<{ readonly trainingRun: Run }>(runQuery, { id }, context.customer)).trainingRun;
}

async function made(context: LoopContext, document: string, field: string, input: object): Promise<string | null> {
  const answer = (await context.graphql<Readonly<Record<string, Made>>>(document, { input }, context.customer))[field];
  context.check(`${field} is accepted`, answer?.id !== undefined, answer?.id ?? `${answer?.code ?? ''}: ${answer?.message ?? ''}`);
  return answer?.id ?? null;
}

/** The digits that nobody contributed, as one content. */
async function uploadHeldOut(context: LoopContext): Promise<string> {
  const { heldOut, labels } = context.images;
  const bytes = encodeExampleSet({ labels, examples: heldOut.map(({ label, png }) => ({ label, mediaType: 'image/png', bytes: png })) });
  const contentId = contentIdOf(bytes);
  const response = await fetch(`${context.urls.ingest}/content/${contentId}`, {
    method: 'PUT', body: bytes, headers: { authorization: `Bearer ${context.customer.token}`, 'content-type': 'application/octet-stream' },
  });
  context.check('the held-out digits are uploaded', response.ok, `${heldOut.length} digits, ${bytes.length} bytes, status ${response.status}`);
  return contentId;
}
