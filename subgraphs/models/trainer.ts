// Federated rounds: a job for each worker, their weights averaged into the next round's start, at the end an evaluation of the
// exported file. Everything is derived from the run's own stream and its jobs' results, so a restart goes on from there.
import { commitPiece } from '@oort/algorithms-possession';
import {
  averageWeights, decodeWeights, encodeWeights, inferenceModel, readArchitecture, requireFitting, type Architecture, type Contribution,
} from '@oort/algorithms-training';
import { command, createHandler, loadState, type Outcome } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, Fault, sha256Hex, type Json } from '@oort/kernel-wire';
import { checkpointsOf, datasetVersionsById, jobById, jobsById, type JobRow } from '@oort/projections-models';
import type { ComputeEvent } from '@oort/schema/events/compute';
import type { ModelsEvent } from '@oort/schema/events/models';
import type { RunCommand } from './commands';
import { runDecider } from './decide/run';
import { isRefusedJob, type ModelsPorts } from './ports';
import type { RunRefusal } from './refusals';
import type { RunState } from './state';
import { runManifest } from './run-manifest';

type Run = Extract<ModelsEvent, { readonly type: 'TrainingRunStarted' }>['data'];
type Round = Extract<ModelsEvent, { readonly type: 'TrainingRoundCompleted' }>['data'];
type Result = Extract<ComputeEvent, { readonly type: 'ResultRecorded' }>['data'];
type Running = Extract<RunState, { readonly status: 'running' }>;

export type TrainerPorts = Pick<ModelsPorts, 'store' | 'readModels' | 'content' | 'submitJob' | 'now'>;

export interface Trainer {
  handle(runId: string, command: RunCommand): Promise<Outcome<RunState, RunRefusal>>;
  /** Moves the run that the event is about as far as it can go. */
  react(event: RecordedEvent): Promise<void>;
}

export const trainerSubscribes = ['TrainingRunStarted', 'TrainingRoundCompleted', 'ResultRecorded', 'JobFailed'] as const satisfies
  readonly (ComputeEvent | ModelsEvent)['type'][];

export function createTrainer(ports: TrainerPorts): Trainer {
  const { store, readModels, content, now } = ports;
  const handle = createHandler({ store, decider: runDecider, now: () => ports.now() });

  const jobOf = (runId: string, round: number, worker: number): string => deriveId('job', `${runId}/${String(round)}/${String(worker)}`);
  const evaluationOf = (runId: string): string => deriveId('job', `${runId}/evaluation`);

  async function react(event: RecordedEvent): Promise<void> {
    await readModels.waitFor('models', event.position);
    const runId = await runOf(event);
    if (runId === null) return;
    const { state } = await loadState(store, runDecider, runId);
    if (state.status !== 'running') return;
    if (event.type === 'JobFailed') return fail(runId, `job ${(event.data as { readonly jobId: string }).jobId} failed`, event);
    const { run, rounds } = state;
    const last = rounds.at(-1);
    if (rounds.length === run.rounds && last !== undefined) return finish(state, last, event);
    const jobs = workers(run).map((worker) => jobOf(runId, rounds.length, worker));
    const rows = await jobsById(readModels.database, jobs);
    if (rows.length < jobs.length) return submitRound(run, rounds.length, last?.weightsContentId ?? run.initialWeightsContentId, event);
    if (rows.every(({ status }) => status === 'COMPLETED')) await completeRound(state, jobs.flatMap((id) => rows.find((row) => row.id === id) ?? []), event);
  }

  async function runOf({ type, data }: RecordedEvent): Promise<string | null> {
    if (type === 'JobFailed') {
      const job = await jobById(readModels.database, (data as { readonly jobId: string }).jobId);
      return job?.subjectKind === 'training-run' ? job.subjectId : null;
    }
    if (type !== 'ResultRecorded') return (data as { readonly runId: string }).runId;
    const { subject } = data as unknown as Result;
    return subject?.kind === 'training-run' ? subject.id : null;
  }

  async function submitRound(run: Run, round: number, weightsContentId: string, cause: RecordedEvent): Promise<void> {
    const { runId, architecture, hyperParameters, seed, rounds, exampleSetContentIds } = run;
    for (const worker of workers(run)) {
      const spec = { architecture, hyperParameters, seed, round, rounds, worker, workers: run.workers, weightsContentId, exampleSetContentIds };
      if (!await submit(run, jobOf(runId, round, worker), 'training', spec, cause)) return;
    }
  }

  /** False when compute does not take the job: then the run has failed. */
  async function submit({ runId, accountId }: Run, jobId: string, kind: 'training' | 'evaluation', spec: Json, cause: RecordedEvent): Promise<boolean> {
    try {
      await ports.submitJob({ jobId, kind, submitter: accountId, subject: { kind: 'training-run', id: runId }, spec });
      return true;
    } catch (error) {
      if (!isRefusedJob(error)) throw error;
      await fail(runId, error.message, cause);
      return false;
    }
  }

  async function completeRound({ run, rounds }: Running, rows: readonly JobRow[], cause: RecordedEvent): Promise<void> {
    const { runId } = run;
    const round = rounds.length;
    const architecture = readArchitecture(run.architecture);
    const versions = await datasetVersionsById(readModels.database, run.datasetVersionIds);
    const total = versions.reduce((sum, { itemCount }) => sum + itemCount, 0);
    const contributions: Contribution[] = [];
    const excluded: string[] = [];
    for (const [worker, row] of rows.entries()) {
      // The share is what the platform dealt out, not what a worker says it saw.
      const contribution = await contributionOf(row, architecture, Math.ceil((total - worker) / run.workers));
      if (contribution === null) excluded.push(row.nodeId ?? '');
      else contributions.push(contribution);
    }
    if (contributions.length === 0) return fail(runId, `no worker of round ${String(round)} returned usable weights`, cause);
    const weightsContentId = await content.put(encodeWeights(averageWeights(contributions)));
    const metrics: Json = { workers: rows.map(({ output }) => metricsOf(output)), excludedNodeIds: excluded };
    const data = { runId, round, jobIds: rows.map(({ id }) => id), nodeIds: nodesOf(rows), weightsContentId, metrics };
    await handle(runId, command('CompleteRound', data, { actor: 'platform', now: now(), id: deriveId('command', `${runId}/round/${String(round)}`), cause }));
  }

  /** Null for weights that are missing, broken or of another network: one bad worker does not end the run. */
  async function contributionOf({ output }: JobRow, architecture: Architecture, examples: number): Promise<Contribution | null> {
    const { weightsContentId } = (output ?? {}) as { readonly weightsContentId?: Json };
    if (typeof weightsContentId !== 'string') return null;
    try {
      const { weights } = decodeWeights(await content.get(weightsContentId));
      requireFitting(architecture, weights);
      return { weights, examples };
    } catch (error) {
      if (error instanceof Fault) return null;
      throw error;
    }
  }

  async function finish(state: Running, last: Round, cause: RecordedEvent): Promise<void> {
    const { run } = state;
    const { weights } = decodeWeights(await content.get(last.weightsContentId));
    const file = inferenceModel(readArchitecture(run.architecture), weights);
    const model = { modelContentId: await content.put(file), modelRoot: commitPiece(file).root };
    if (run.evaluationContentId === null) return complete(state, model, null, cause);
    const [evaluation] = await jobsById(readModels.database, [evaluationOf(run.runId)]);
    if (evaluation === undefined) {
      const spec = { modelContentId: model.modelContentId, exampleSetContentIds: [run.evaluationContentId] };
      await submit(run, evaluationOf(run.runId), 'evaluation', spec, cause);
    } else if (evaluation.status === 'COMPLETED') await complete(state, model, evaluation, cause);
  }

  async function complete(state: Running, model: { modelContentId: string; modelRoot: string }, evaluation: JobRow | null, cause: RecordedEvent): Promise<void> {
    const { run, rounds } = state;
    const { runId, modelId, datasetRoots, startedAt } = run;
    const endedAt = now().toISOString();
    const checkpoints = await checkpointsOf(readModels.database, runId);
    const nodeIds = [...new Set([...rounds.flatMap((round) => round.nodeIds), ...checkpoints.map(({ nodeId }) => nodeId), ...nodesOf(evaluation === null ? [] : [evaluation])])];
    const metrics = (evaluation?.output ?? null) as Json;
    const manifest = runManifest({ run, rounds, checkpoints, nodeIds, metrics, model, endedAt });
    const data = { runId, modelId, ...model, datasetRoots, metrics, nodeIds, manifest, manifestHash: sha256Hex(canonicalJson(manifest)), startedAt, endedAt };
    await handle(runId, command('CompleteTrainingRun', data, { actor: 'platform', now: now(), id: deriveId('command', `${runId}/completed`), cause }));
  }

  async function fail(runId: string, reason: string, cause: RecordedEvent): Promise<void> {
    await handle(runId, command('FailTrainingRun', { runId, reason }, { actor: 'platform', now: now(), id: deriveId('command', `${runId}/failed`), cause }));
  }

  return { handle, react };
}

function workers(run: Run): readonly number[] {
  return Array.from({ length: run.workers }, (_, worker) => worker);
}

function nodesOf(rows: readonly JobRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ nodeId }) => nodeId ?? []))];
}

function metricsOf(output: unknown): Json {
  return ((output ?? {}) as { readonly metrics?: Json }).metrics ?? null;
}
