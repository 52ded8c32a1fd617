// Models and their training: from what a client asked to a command, or to the reason why not.
import { ArchitectureRefused, readArchitecture } from '@oort/algorithms-training';
import { command, createHandler } from '@oort/kernel-decider';
import { deriveId, newId, type Json } from '@oort/kernel-wire';
import { datasetVersionsById, modelById, roundsOf, runById, versionById, type DatasetVersionRow } from '@oort/projections-models';
import { problemOfCard } from '../card';
import { versionDecider } from '../decide/catalogue';
import { modelDecider } from '../decide/model';
import type { ModelsPorts } from '../ports';
import { refuse, type Refused } from '../refusals';
import type { Trainer } from '../trainer';
import { prepareTraining } from '../training-inputs';
import { answer, signIn, type Actor, type Answer } from './answer';
import { mayRead, notOpen } from './rights';

export interface ModelInput { readonly name: string; readonly architecture: Json; readonly licence: string }
export interface TrainingInput {
  readonly modelId: string; readonly datasetVersionIds: readonly string[]; readonly hyperParameters?: Json | null;
  readonly seed: number; readonly rounds: number; readonly workers: number; readonly evaluationContentId?: string | null;
  readonly baseVersionId?: string | null;
}
export interface PublishInput { readonly runId: string; readonly card: Json; readonly openToAll?: boolean }

const most = { nameLength: 200, rounds: 100, workers: 64 };

export class TrainingRequests {
  private readonly models;
  private readonly versions;

  constructor(private readonly ports: ModelsPorts, private readonly trainer: Trainer) {
    const clock = (): Date => ports.now();
    this.models = createHandler({ store: ports.store, decider: modelDecider, now: clock });
    this.versions = createHandler({ store: ports.store, decider: versionDecider, now: clock });
  }

  async createModel(actor: Actor, { name, architecture, licence }: ModelInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    if (name.trim() === '' || name.length > most.nameLength) {
      return refuse('INVALID_INPUT', 'A model needs a name of at most 200 characters.');
    }
    try {
      readArchitecture(architecture);
    } catch (error) {
      if (error instanceof ArchitectureRefused) {
        return refuse('ARCHITECTURE_REFUSED', error.message, error.detail);
      }
      throw error;
    }
    const now = this.ports.now();
    const modelId = newId('model', now);
    const data = { modelId, accountId: actor.accountId, name, architecture, licence, forkedFrom: null };
    return answer(modelId, await this.models(modelId, command('CreateModel', data, { actor: actor.accountId, now })));
  }

  async startTrainingRun(actor: Actor, input: TrainingInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const { datasetVersionIds, seed, rounds, workers } = input;
    const model = await modelById(this.ports.readModels.database, input.modelId);
    if (model === null) return refuse('UNKNOWN_MODEL', 'There is no such model.', input.modelId);
    const sealed = await this.sealedVersions(input);
    if ('refused' in sealed) return sealed;
    for (const { id, manifestContentId } of sealed) if (!await mayRead(this.ports, manifestContentId, actor)) return notOpen('The dataset version', id);
    const baseVersionId = input.baseVersionId ?? null;
    const base = await this.weightsOf(baseVersionId, actor);
    if (typeof base === 'object' && base !== null) return base;
    const architecture = model.architecture as Json;
    const evaluationContentId = input.evaluationContentId ?? null;
    if (evaluationContentId !== null && !await mayRead(this.ports, evaluationContentId, actor)) {
      return refuse('UNKNOWN_CONTENT', 'There is no such content that this account may read: hand the file in first.', evaluationContentId);
    }
    const manifestContentIds = sealed.map(({ manifestContentId }) => manifestContentId);
    const hyperParameters = { ...model.hyperParameters as Record<string, Json> | null, ...input.hyperParameters as Record<string, Json> | null };
    const request = { architecture, hyperParameters, seed, evaluationContentId, manifestContentIds, baseWeightsContentId: base };
    const inputs = await prepareTraining(request, this.ports.content);
    if ('refused' in inputs) return inputs;
    const now = this.ports.now();
    const runId = newId('run', now);
    const data = {
      ...inputs, runId, modelId: model.id, accountId: actor.accountId, datasetVersionIds, datasetRoots: sealed.map(({ root }) => root),
      architecture, hyperParameters: { ...inputs.hyperParameters }, seed, rounds, workers, startedAt: now.toISOString(), evaluationContentId, baseVersionId,
    };
    return answer(runId, await this.trainer.handle(runId, command('StartTrainingRun', data, { actor: actor.accountId, now })));
  }

  async publishVersion(actor: Actor, { runId, card, openToAll = false }: PublishInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const run = await runById(this.ports.readModels.database, runId);
    if (run === null) return refuse('UNKNOWN_RUN', 'There is no such run.', runId);
    if (run.accountId !== actor.accountId) {
      return refuse('NOT_OWNER', 'Only who started the run publishes it.', runId);
    }
    const { modelId, modelContentId, modelRoot, datasetVersionIds } = run;
    if (modelContentId === null || modelRoot === null) {
      return refuse('RUN_NOT_COMPLETED', 'The run has no model yet.', runId);
    }
    const problem = problemOfCard(card);
    if (problem !== null) return refuse('INVALID_INPUT', problem);
    const versionId = deriveId('modelversion', runId);
    const full: Json = { ...(card as { readonly [key: string]: Json }), metrics: run.metrics as Json, datasetVersionIds };
    const data = { versionId, modelId, runId, accountId: actor.accountId, publisher: actor.address, modelContentId, modelRoot, card: full, openToAll };
    const asked = command('PublishVersion', data, { actor: actor.accountId, now: this.ports.now() });
    return answer(versionId, await this.versions(versionId, asked));
  }

  /** The weights that a version was exported from; null for no version. */
  private async weightsOf(versionId: string | null, actor: Extract<Actor, { readonly kind: 'account' }>): Promise<string | null | Refused> {
    if (versionId === null) return null;
    const { database } = this.ports.readModels;
    const version = await versionById(database, versionId);
    if (version === null) return refuse('UNKNOWN_VERSION', 'There is no such version.', versionId);
    if (!await mayRead(this.ports, version.modelContentId, actor)) return notOpen('The version', versionId);
    const last = version.runId === null ? undefined : (await roundsOf(database, version.runId)).at(-1);
    return last?.weightsContentId ?? refuse('NOTHING_TO_TUNE', 'The version was not trained here: it has a file, but no weights.', versionId);
  }

  private async sealedVersions({ datasetVersionIds: ids, rounds, workers, seed }: TrainingInput): Promise<readonly DatasetVersionRow[] | Refused> {
    if (rounds < 1 || rounds > most.rounds || workers < 1 || workers > most.workers || seed < 0) {
      return refuse('INVALID_INPUT', 'Rounds lie from 1 to 100, workers from 1 to 64, seeds from 0.');
    }
    if (ids.length === 0 || new Set(ids).size !== ids.length) {
      return refuse('INVALID_INPUT', 'Name each dataset version once.');
    }
    const found = await datasetVersionsById(this.ports.readModels.database, ids);
    const sealed = ids.flatMap((id) => found.find((row) => row.id === id) ?? []);
    if (sealed.length < ids.length) {
      return refuse('UNKNOWN_DATASET_VERSION', 'A dataset version is not sealed.', [...ids]);
    }
    const examples = sealed.reduce((sum, { itemCount }) => sum + itemCount, 0);
    return examples < workers ? refuse('INVALID_INPUT', 'There are more workers than examples.') : sealed;
  }
}
