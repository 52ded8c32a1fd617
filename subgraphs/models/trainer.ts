// Federated rounds: a job for each worker, their weights averaged into the next round's start, at the end an evaluation of the
// exported file. Everything is derived from the run's own stream and its jobs' results, so a restart goes on from there.
import { commitBytes } from '@oort/algorithms-possession';
import {
  decodeWeights, encodeWeights, inferenceModel, lossPlotSvg, lossSeries, readArchitecture, readHyperParameters,
} from '@oort/algorithms-training';
import { command, createHandler, loadState, type Outcome } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { canonicalJson, deriveId, sha256Hex, type Json } from '@oort/kernel-wire';
import { checkpointsOf, datasetVersionsById, jobById, jobsById, type JobRow } from '@oort/projections-models';
import type { ComputeEvent } from '@oort/schema/events/compute';
import type { ModelsEvent } from '@oort/schema/events/models';
import type { RunCommand } from './commands';
import { isAtRest, runDecider } from './decide/run';
import { isRefusedJob, type ModelsPorts } from './ports';
import type { RunRefusal } from './refusals';
import { averageRound } from './round-average';
import { runManifest } from './run-manifest';
import type { RunState } from './state';

type Run = Extract<ModelsEvent, { readonly type: 'TrainingRunStarted' }>['data'];
type Round = Extract<ModelsEvent, { readonly type: 'TrainingRoundCompleted' }>['data'];
type Result = Extract<ComputeEvent, { readonly type: 'ResultRecorded' }>['data'];
type Running = Extract<RunState, { readonly status: 'running' }>;

export type TrainerPorts = Pick<ModelsPorts, 'store' | 'readModels' | 'content' | 'submitJob' | 'now'>;

export const trainerSubscribes = ['TrainingRunStarted', 'TrainingRoundCompleted', 'ResultRecorded', 'JobFailed'] as const satisfies
  readonly (ComputeEvent | ModelsEvent)['type'][];

interface ExportedModel { readonly modelContentId: string; readonly modelRoot: string }

export class Trainer {
  readonly handle: (runId: string, command: RunCommand) => Promise<Outcome<RunState, RunRefusal>>;

  constructor(private readonly ports: TrainerPorts) {
    this.handle = createHandler({ store: ports.store, decider: runDecider, now: () => ports.now() });
  }

  /** Moves the run that the event is about as far as it can go. */
  async react(event: RecordedEvent): Promise<void> {
    const { store, readModels } = this.ports;
    // Most results are of other domains: they wait for nothing.
    if (event.type === 'ResultRecorded' && (event.data as unknown as Result).subject?.kind !== 'training-run') return;
    await readModels.waitFor('models', event.position);
    const runId = await this.runOf(event);
    if (runId === null) return;
    const { state } = await loadState(store, runDecider, runId);
    if (state.status !== 'running') return;
    if (event.type === 'JobFailed') {
      return this.fail(runId, `job ${(event.data as { readonly jobId: string }).jobId} failed`, event);
    }
    const last = state.rounds.at(-1);
    if (last !== undefined && (state.rounds.length === state.run.rounds || isAtRest(state))) return this.finish(state, last, event);
    return this.goOn(state, event);
  }

  private async goOn(state: Running, event: RecordedEvent): Promise<void> {
    const jobs = workersOf(state.run).map((worker) => jobOfWorker(state.run.runId, state.rounds.length, worker));
    const rows = await jobsById(this.ports.readModels.database, jobs);
    if (rows.length < jobs.length) return this.submitRound(state, event);
    if (!rows.every(({ status }) => status === 'COMPLETED')) return;
    await this.completeRound(state, jobs.flatMap((id) => rows.find((row) => row.id === id) ?? []), event);
  }

  private async runOf({ type, data }: RecordedEvent): Promise<string | null> {
    if (type === 'JobFailed') {
      const job = await jobById(this.ports.readModels.database, (data as { readonly jobId: string }).jobId);
      return job?.subjectKind === 'training-run' ? job.subjectId : null;
    }
    if (type !== 'ResultRecorded') return (data as { readonly runId: string }).runId;
    const { subject } = data as unknown as Result;
    return subject?.kind === 'training-run' ? subject.id : null;
  }

  private async submitRound({ run, rounds: completed }: Running, cause: RecordedEvent): Promise<void> {
    const { runId, architecture, hyperParameters, seed, rounds, workers, exampleSetContentIds } = run;
    const round = completed.length;
    const weightsContentId = completed.at(-1)?.weightsContentId ?? run.initialWeightsContentId;
    for (const worker of workersOf(run)) {
      const spec = { architecture, hyperParameters, seed, round, rounds, worker, workers, weightsContentId, exampleSetContentIds };
      if (!await this.submit(run, jobOfWorker(runId, round, worker), 'training', spec, cause)) return;
    }
  }

  /** False when compute does not take the job: then the run has failed. */
  private async submit(run: Run, jobId: string, kind: 'training' | 'evaluation', spec: Json, cause: RecordedEvent): Promise<boolean> {
    const { runId, accountId } = run;
    try {
      await this.ports.submitJob({ jobId, kind, submitter: accountId, subject: { kind: 'training-run', id: runId }, spec });
      return true;
    } catch (error) {
      if (!isRefusedJob(error)) throw error;
      await this.fail(runId, error.message, cause);
      return false;
    }
  }

  private async completeRound({ run, rounds }: Running, rows: readonly JobRow[], cause: RecordedEvent): Promise<void> {
    const { content, readModels, now } = this.ports;
    const { runId } = run;
    const round = rounds.length;
    const versions = await datasetVersionsById(readModels.database, run.datasetVersionIds);
    const examples = versions.reduce((sum, { itemCount }) => sum + itemCount, 0);
    const { weights: before } = decodeWeights(await content.get(rounds.at(-1)?.weightsContentId ?? run.initialWeightsContentId));
    const options = readHyperParameters(run.hyperParameters);
    const average = await averageRound({ architecture: readArchitecture(run.architecture), options, examples, before }, rows, content);
    if (average.weights === null) return this.fail(runId, `no worker of round ${String(round)} returned usable weights`, cause);
    const weightsContentId = await content.put(encodeWeights(average.weights));
    const metrics = { workers: rows.map(({ output }) => metricsOf(output)), excludedNodeIds: average.excludedNodeIds };
    const data = { runId, round, jobIds: rows.map(({ id }) => id), nodeIds: nodesOf(rows), weightsContentId, metrics };
    const asked = { actor: 'platform', now: now(), id: deriveId('command', `${runId}/round/${String(round)}`), cause };
    await this.handle(runId, command('CompleteRound', data, asked));
  }

  private async finish(state: Running, last: Round, cause: RecordedEvent): Promise<void> {
    const { content, readModels } = this.ports;
    const { run } = state;
    const { weights } = decodeWeights(await content.get(last.weightsContentId));
    const file = inferenceModel(readArchitecture(run.architecture), weights);
    const model = { modelContentId: await content.put(file), modelRoot: commitBytes(file).root };
    if (run.evaluationContentId === null) return this.complete(state, model, null, cause);
    const [evaluation] = await jobsById(readModels.database, [evaluationOf(run.runId)]);
    if (evaluation === undefined) {
      const spec = { modelContentId: model.modelContentId, exampleSetContentIds: [run.evaluationContentId] };
      await this.submit(run, evaluationOf(run.runId), 'evaluation', spec, cause);
    } else if (evaluation.status === 'COMPLETED') {
      await this.complete(state, model, evaluation, cause);
    }
  }

  private async complete(state: Running, model: ExportedModel, evaluation: JobRow | null, cause: RecordedEvent): Promise<void> {
    const { run, rounds } = state;
    const { runId, modelId, datasetRoots, startedAt } = run;
    const endedAt = this.ports.now().toISOString();
    const checkpoints = await checkpointsOf(this.ports.readModels.database, runId);
    const nodeIds = [...new Set([
      ...rounds.flatMap((round) => round.nodeIds), ...checkpoints.map(({ nodeId }) => nodeId), ...nodesOf(evaluation === null ? [] : [evaluation]),
    ])];
    const metrics = (evaluation?.output ?? null) as Json;
    const plot = lossPlotSvg(lossSeries(rounds.map((round) => round.metrics), readHyperParameters(run.hyperParameters).localSteps));
    const plotContentId = await this.ports.content.put(Buffer.from(plot));
    const manifest = runManifest({ run, rounds, checkpoints, nodeIds, metrics, model, plotContentId, endedAt });
    const manifestHash = sha256Hex(canonicalJson(manifest));
    const data = { runId, modelId, ...model, datasetRoots, metrics, nodeIds, manifest, manifestHash, startedAt, endedAt };
    const options = { actor: 'platform', now: this.ports.now(), id: deriveId('command', `${runId}/completed`), cause };
    await this.handle(runId, command('CompleteTrainingRun', data, options));
  }

  private async fail(runId: string, reason: string, cause: RecordedEvent): Promise<void> {
    const options = { actor: 'platform', now: this.ports.now(), id: deriveId('command', `${runId}/failed`), cause };
    await this.handle(runId, command('FailTrainingRun', { runId, reason }, options));
  }
}

export const jobOfWorker = (runId: string, round: number, worker: number): string => deriveId('job', `${runId}/${String(round)}/${String(worker)}`);
const evaluationOf = (runId: string): string => deriveId('job', `${runId}/evaluation`);

function workersOf(run: Run): readonly number[] {
  return Array.from({ length: run.workers }, (_, worker) => worker);
}

function nodesOf(rows: readonly JobRow[]): readonly string[] {
  return [...new Set(rows.flatMap(({ nodeId }) => nodeId ?? []))];
}

function metricsOf(output: unknown): Json {
  return ((output ?? {}) as { readonly metrics?: Json }).metrics ?? null;
}
