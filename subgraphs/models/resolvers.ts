import type { RefusalOf } from '@oort/kernel-decider';
import type { ReadModels } from '@oort/kernel-projection';
import {
  checkpointsOf, deploymentById, deployments, deploymentsFor, jobsOf, modelById, models, predictionById, predictions, roundsOf, runById, runs, versionById, versions,
  type Page, type RunRow,
} from '@oort/projections-models';
import type { RequestContext } from '@oort/schema';
import type { DeviceKey } from '@oort/kernel-identity';
import { bundleText, licenceToken } from './bundle';
import type { Answer, Requests } from './requests';

interface ById { readonly id: string }
interface PageArguments { readonly first: number; readonly after?: string | null }
interface Input<T> { readonly input: T }
type Mutate<K extends keyof Requests> = Parameters<Requests[K]>[1];

const mostPerPage = 200;

export function modelsResolvers(requests: Requests, readModels: ReadModels, platformKey: DeviceKey): Readonly<Record<string, unknown>> {
  const { database } = readModels;
  const typed = { __resolveType: ({ __typename }: { readonly __typename: string }) => __typename };
  return {
    Query: queries(requests, readModels, platformKey),
    Mutation: mutations(requests, readModels),
    Model: {
      __resolveReference: ({ id }: ById) => modelById(database, id),
      runs: ({ id }: ById, { first, after }: PageArguments) => connection(first, (size) => runs(database, id, size, after ?? null)),
      versions: ({ id }: ById, { first, after }: PageArguments) => connection(first, (size) => versions(database, id, size, after ?? null)),
    },
    TrainingRun: {
      __resolveReference: ({ id }: ById) => runById(database, id),
      completedRounds: ({ id }: RunRow) => roundsOf(database, id),
      jobs: ({ id }: RunRow) => jobsOf(database, id),
      checkpoints: ({ id }: RunRow) => checkpointsOf(database, id),
    },
    ModelVersion: { __resolveReference: ({ id }: ById) => versionById(database, id) },
    Deployment: { __resolveReference: ({ id }: ById) => deploymentById(database, id) },
    Prediction: { __resolveReference: ({ id }: ById) => predictionById(database, id) },
    CreateModelResult: typed, StartTrainingRunResult: typed, PublishVersionResult: typed, DeploymentResult: typed, OfflineUsageResult: typed, InferResult: typed,
  };
}

function queries(requests: Requests, { database }: ReadModels, platformKey: DeviceKey): object {
  return {
    model: (_: unknown, { id }: ById) => modelById(database, id),
    models: (_: unknown, { first, after }: PageArguments) => connection(first, (size) => models(database, size, after ?? null)),
    trainingRun: (_: unknown, { id }: ById) => runById(database, id),
    trainingRuns: (_: unknown, { modelId, first, after }: PageArguments & { readonly modelId?: string | null }) =>
      connection(first, (size) => runs(database, modelId ?? null, size, after ?? null)),
    modelVersion: (_: unknown, { id }: ById) => versionById(database, id),
    modelVersions: (_: unknown, { modelId, first, after }: PageArguments & { readonly modelId?: string | null }) =>
      connection(first, (size) => versions(database, modelId ?? null, size, after ?? null)),
    deployment: (_: unknown, { id }: ById) => deploymentById(database, id),
    deployments: (_: unknown, { versionId, first, after }: PageArguments & { readonly versionId?: string | null }) =>
      connection(first, (size) => deployments(database, versionId ?? null, size, after ?? null)),
    prediction: (_: unknown, { id }: ById) => predictionById(database, id),
    predictions: (_: unknown, { versionId, deploymentId, first, after }: PageArguments & { readonly versionId?: string | null; readonly deploymentId?: string | null }) =>
      connection(first, (size) => predictions(database, { versionId: versionId ?? null, deploymentId: deploymentId ?? null }, size, after ?? null)),
    myDeployments: async (_: unknown, __: unknown, { actor }: RequestContext) => {
      if (actor.kind !== 'node') return [];
      const rows = await deploymentsFor(database, actor.nodeId);
      const bundles = await Promise.all(rows.map(async ({ id, versionId, bundleSignature }) => {
        const facts = await requests.bundleFacts(id);
        return facts === null ? [] : [{
          deploymentId: id, versionId, bundle: bundleText(facts), signature: bundleSignature, licence: licenceToken(facts, actor.nodeId, platformKey),
        }];
      }));
      return bundles.flat();
    },
  };
}

function mutations(requests: Requests, readModels: ReadModels): object {
  const { database } = readModels;

  /** Reads what the command wrote, so that the client sees it. */
  async function present<Row extends object>(answer: Answer, typename: string, read: (id: string) => Promise<Row | null>): Promise<object> {
    if ('refused' in answer) return refusal(answer.refused);
    if (answer.position >= 0n) await readModels.waitFor('models', answer.position);
    return { __typename: typename, ...await read(answer.id) };
  }

  return {
    createModel: async (_: unknown, { input }: Input<Mutate<'createModel'>>, { actor }: RequestContext) =>
      present(await requests.createModel(actor, input), 'Model', (id) => modelById(database, id)),
    startTrainingRun: async (_: unknown, { input }: Input<Mutate<'startTrainingRun'>>, { actor }: RequestContext) =>
      present(await requests.startTrainingRun(actor, input), 'TrainingRun', (id) => runById(database, id)),
    publishVersion: async (_: unknown, { input }: Input<Mutate<'publishVersion'>>, { actor }: RequestContext) =>
      present(await requests.publishVersion(actor, input), 'ModelVersion', (id) => versionById(database, id)),
    deployVersion: async (_: unknown, { input }: Input<Mutate<'deployVersion'>>, { actor }: RequestContext) =>
      present(await requests.deployVersion(actor, input), 'Deployment', (id) => deploymentById(database, id)),
    rollBackDeployment: async (_: unknown, { input }: Input<Mutate<'rollBackDeployment'>>, { actor }: RequestContext) =>
      present(await requests.rollBackDeployment(actor, input), 'Deployment', (id) => deploymentById(database, id)),
    acknowledgeDeployment: async (_: unknown, { input }: Input<Mutate<'acknowledgeDeployment'>>, { actor }: RequestContext) =>
      present(await requests.acknowledgeDeployment(actor, input), 'Deployment', (id) => deploymentById(database, id)),
    reportOfflineUsage: async (_: unknown, { input }: Input<Mutate<'reportOfflineUsage'>>, { actor }: RequestContext) => {
      const usage = await requests.reportOfflineUsage(actor, input);
      if ('refused' in usage) return refusal(usage.refused);
      if (usage.position >= 0n) await readModels.waitFor('models', usage.position);
      return { __typename: 'OfflineUsage', ...usage };
    },
    infer: async (_: unknown, { input }: Input<Mutate<'infer'>>, { actor }: RequestContext) => {
      const prediction = await requests.infer(actor, input);
      return 'refused' in prediction ? refusal(prediction.refused) : { __typename: 'Prediction', ...prediction };
    },
  };
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
