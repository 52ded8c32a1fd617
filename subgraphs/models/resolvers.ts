import type { RefusalOf } from '@oort/kernel-decider';
import type { ReadModels } from '@oort/kernel-projection';
import {
  checkpointsOf, commentById, commentsOf, deploymentById, deployments, jobsOf, modelById, models, predictionById, predictions, proposalById, proposalsOf, reviewsOf, roundsOf, runById, runs, versionById,
  versions, type Page, type RunRow,
} from '@oort/projections-models';
import { lossPlotSvg, lossSeries, readHyperParameters } from '@oort/algorithms-training';
import type { Json } from '@oort/kernel-wire';
import type { RequestContext } from '@oort/schema';
import type { SignedRelease } from './model-release';
import { followRun, type Progress, type ProgressPorts } from './progress';
import type { Answer } from './requests/answer';
import type { CommentInput, CommunityRequests, DecideInput, ForkInput, ProposeInput, ReviewInput } from './requests/community';
import type { DeploymentRequests, DeployInput } from './requests/deployment';
import type { ImportInput, ImportRequests } from './requests/importing';
import type { InferenceRequests, InferInput } from './requests/inference';
import type { ModelInput, PublishInput, TrainingInput, TrainingRequests } from './requests/training';

export interface ModelsRoom {
  readonly community: CommunityRequests;
  release(versionId: string): Promise<SignedRelease | null>;
  readonly progress: ProgressPorts;
  readonly readModels: ReadModels;
  readonly training: TrainingRequests;
  readonly deployment: DeploymentRequests;
  readonly importing: ImportRequests;
  readonly inference: InferenceRequests;
}

interface ById { readonly id: string }
interface PageArguments { readonly first: number; readonly after?: string | null }
interface Input<T> { readonly input: T }
type OfModel = PageArguments & { readonly modelId?: string | null };
type OfVersion = PageArguments & { readonly versionId?: string | null };
type OfDeployment = OfVersion & { readonly deploymentId?: string | null };

const mostPerPage = 200;

export function modelsResolvers(room: ModelsRoom): Readonly<Record<string, unknown>> {
  const { database } = room.readModels;
  const typed = { __resolveType: ({ __typename }: { readonly __typename: string }) => __typename };
  return {
    Query: queries(room),
    Subscription: {
      trainingProgress: { subscribe: (_: unknown, { runId }: { readonly runId: string }) => followRun(room.progress, runId), resolve: (item: Progress) => item },
    },
    DesignProposal: { __resolveReference: ({ id }: ById) => proposalById(database, id), reviews: ({ id }: ById) => reviewsOf(database, id) },
    Mutation: { ...mutations(room), ...communityMutations(room), ...deviceMutations(room) },
    Model: {
      __resolveReference: ({ id }: ById) => modelById(database, id),
      runs: ({ id }: ById, { first, after }: PageArguments) => connection(first, (size) => runs(database, id, size, after ?? null)),
      comments: ({ id }: ById, { first, after }: PageArguments) => connection(first, (size) => commentsOf(database, id, size, after ?? null)),
      proposals: ({ id }: ById, { first, after }: PageArguments) => connection(first, (size) => proposalsOf(database, id, size, after ?? null)),
      versions: ({ id }: ById, { first, after }: PageArguments) => connection(first, (size) => versions(database, id, size, after ?? null)),
    },
    TrainingRun: {
      __resolveReference: ({ id }: ById) => runById(database, id),
      completedRounds: ({ id }: RunRow) => roundsOf(database, id),
      plot: async ({ id, hyperParameters }: RunRow) => lossPlotSvg(lossSeries(
        (await roundsOf(database, id)).map(({ metrics }) => metrics as Json), readHyperParameters(hyperParameters as Json).localSteps)),
      jobs: ({ id }: RunRow) => jobsOf(database, id),
      checkpoints: ({ id }: RunRow) => checkpointsOf(database, id),
    },
    ModelVersion: { __resolveReference: ({ id }: ById) => versionById(database, id) },
    Deployment: { __resolveReference: ({ id }: ById) => deploymentById(database, id) },
    Prediction: { __resolveReference: ({ id }: ById) => predictionById(database, id) },
    CreateModelResult: typed, StartTrainingRunResult: typed, PublishVersionResult: typed, DeploymentResult: typed, OfflineUsageResult: typed,
    InferResult: typed, CommentResult: typed, DesignProposalResult: typed,
  };
}

function queries({ readModels: { database }, deployment, release }: ModelsRoom): object {
  return {
    model: (_: unknown, { id }: ById) => modelById(database, id),
    models: (_: unknown, { first, after }: PageArguments) => connection(first, (size) => models(database, size, after ?? null)),
    trainingRun: (_: unknown, { id }: ById) => runById(database, id),
    trainingRuns: (_: unknown, { modelId, first, after }: OfModel) => connection(first, (size) => runs(database, modelId ?? null, size, after ?? null)),
    modelVersion: (_: unknown, { id }: ById) => versionById(database, id),
    modelRelease: (_: unknown, { versionId }: { readonly versionId: string }) => release(versionId),
    modelVersions: (_: unknown, { modelId, first, after }: OfModel) => connection(first, (size) => versions(database, modelId ?? null, size, after ?? null)),
    deployment: (_: unknown, { id }: ById) => deploymentById(database, id),
    deployments: (_: unknown, { versionId, first, after }: OfVersion) =>
      connection(first, (size) => deployments(database, versionId ?? null, size, after ?? null)),
    prediction: (_: unknown, { id }: ById) => predictionById(database, id),
    predictions: (_: unknown, { versionId, deploymentId, first, after }: OfDeployment) =>
      connection(first, (size) => predictions(database, { versionId: versionId ?? null, deploymentId: deploymentId ?? null }, size, after ?? null)),
    myDeployments: (_: unknown, __: unknown, { actor }: RequestContext) => deployment.bundlesFor(actor),
  };
}

function mutations({ readModels, training, importing, inference }: ModelsRoom): object {
  const { database } = readModels;
  return {
    createModel: async (_: unknown, { input }: Input<ModelInput>, { actor }: RequestContext) =>
      present(readModels, await training.createModel(actor, input), 'Model', (id) => modelById(database, id)),
    startTrainingRun: async (_: unknown, { input }: Input<TrainingInput>, { actor }: RequestContext) =>
      present(readModels, await training.startTrainingRun(actor, input), 'TrainingRun', (id) => runById(database, id)),
    publishVersion: async (_: unknown, { input }: Input<PublishInput>, { actor }: RequestContext) =>
      present(readModels, await training.publishVersion(actor, input), 'ModelVersion', (id) => versionById(database, id)),
    importVersion: async (_: unknown, { input }: Input<ImportInput>, { actor }: RequestContext) =>
      present(readModels, await importing.importVersion(actor, input), 'ModelVersion', (id) => versionById(database, id)),
    infer: async (_: unknown, { input }: Input<InferInput>, { actor }: RequestContext) => {
      const prediction = await inference.infer(actor, input);
      return 'refused' in prediction ? refusal(prediction.refused) : { __typename: 'Prediction', ...prediction };
    },
  };
}

function communityMutations({ readModels, community }: ModelsRoom): object {
  const { database } = readModels;
  const proposal = (id: string): ReturnType<typeof proposalById> => proposalById(database, id);
  return {
    forkModel: async (_: unknown, { input }: Input<ForkInput>, { actor }: RequestContext) =>
      present(readModels, await community.forkModel(actor, input), 'Model', (id) => modelById(database, id)),
    commentOnModel: async (_: unknown, { input }: Input<CommentInput>, { actor }: RequestContext) =>
      present(readModels, await community.commentOnModel(actor, input), 'ModelComment', (id) => commentById(database, id)),
    proposeDesign: async (_: unknown, { input }: Input<ProposeInput>, { actor }: RequestContext) =>
      present(readModels, await community.proposeDesign(actor, input), 'DesignProposal', proposal),
    reviewDesign: async (_: unknown, { input }: Input<ReviewInput>, { actor }: RequestContext) =>
      present(readModels, await community.reviewDesign(actor, input), 'DesignProposal', proposal),
    decideDesign: async (_: unknown, { input }: Input<DecideInput>, { actor }: RequestContext) =>
      present(readModels, await community.decideDesign(actor, input), 'DesignProposal', proposal),
  };
}

function deviceMutations({ readModels, deployment }: ModelsRoom): object {
  const read = (id: string): ReturnType<typeof deploymentById> => deploymentById(readModels.database, id);
  return {
    deployVersion: async (_: unknown, { input }: Input<DeployInput>, { actor }: RequestContext) =>
      present(readModels, await deployment.deployVersion(actor, input), 'Deployment', read),
    openNextRing: async (_: unknown, { input }: Input<{ readonly deploymentId: string; readonly force: boolean }>, { actor }: RequestContext) =>
      present(readModels, await deployment.openNextRing(actor, input), 'Deployment', read),
    rollBackDeployment: async (_: unknown, { input }: Input<{ readonly deploymentId: string; readonly reason: string }>, { actor }: RequestContext) =>
      present(readModels, await deployment.rollBackDeployment(actor, input), 'Deployment', read),
    acknowledgeDeployment: async (_: unknown, { input }: Input<{ readonly deploymentId: string }>, { actor }: RequestContext) =>
      present(readModels, await deployment.acknowledgeDeployment(actor, input), 'Deployment', read),
    reportOfflineUsage: async (_: unknown, { input }: Input<{ readonly packet: string; readonly signature: string }>, { actor }: RequestContext) => {
      const usage = await deployment.reportOfflineUsage(actor, input);
      if ('refused' in usage) return refusal(usage.refused);
      if (usage.position >= 0n) await readModels.waitFor('models', usage.position);
      return { __typename: 'OfflineUsage', ...usage };
    },
  };
}

/** Reads what the command wrote, so that the client sees it. */
async function present<Row extends object>(readModels: ReadModels, given: Answer, typename: string, read: (id: string) => Promise<Row | null>): Promise<object> {
  if ('refused' in given) return refusal(given.refused);
  if (given.position >= 0n) await readModels.waitFor('models', given.position);
  return { __typename: typename, ...await read(given.id) };
}

function refusal({ code, message, payload }: RefusalOf<string, unknown>): object {
  return { __typename: 'Refusal', code, message, detail: payload };
}

/** Cursors are ids: rows come in the order of their positions and ids do not change. */
async function connection<Row extends ById>(first: number, read: (size: number) => Promise<Page<Row>>): Promise<object> {
  const { rows, totalCount, hasNextPage } = await read(Math.min(Math.max(first, 0), mostPerPage));
  return {
    totalCount, edges: rows.map((node) => ({ cursor: node.id, node })),
    pageInfo: { hasNextPage, hasPreviousPage: false, startCursor: rows[0]?.id ?? null, endCursor: rows.at(-1)?.id ?? null },
  };
}
