// From what a client asked to a command, or to the reason why not.
import { imageTensor, ImageUnreadable, readArchitecture, ArchitectureRefused } from '@oort/algorithms-training';
import { command, createHandler, loadState, type Outcome, type RefusalOf } from '@oort/kernel-decider';
import { verifySignature } from '@oort/kernel-identity';
import { deriveId, newId, type Json } from '@oort/kernel-wire';
import {
  datasetVersionsById, devicesById, deploymentById, modelById, predictionById, jobById, runById, versionById, type PredictionRow,
} from '@oort/projections-models';
import type { RequestContext } from '@oort/schema';
import { signBundle, type BundleFacts } from './bundle';
import { modelDecider, versionDecider } from './decide/catalogue';
import { deploymentDecider } from './decide/deployment';
import { readPacket } from './offline-packet';
import { isRefusedJob, type ModelsPorts } from './ports';
import { refuse, type Refused } from './refusals';
import type { Trainer } from './trainer';
import { prepareTraining } from './training-inputs';

type Actor = RequestContext['actor'];
/** The id of what was made or changed, with the position to wait for; or a refusal. */
export type Answer = { readonly id: string; readonly position: bigint } | { readonly refused: RefusalOf<string, unknown> };

export interface TrainingInput {
  readonly modelId: string; readonly datasetVersionIds: readonly string[]; readonly hyperParameters: Json;
  readonly seed: number; readonly rounds: number; readonly workers: number; readonly evaluationContentId?: string | null;
}

export interface Requests {
  createModel(actor: Actor, input: { readonly name: string; readonly architecture: Json; readonly licence: string }): Promise<Answer>;
  startTrainingRun(actor: Actor, input: TrainingInput): Promise<Answer>;
  publishVersion(actor: Actor, input: { readonly runId: string; readonly card: Json }): Promise<Answer>;
  deployVersion(actor: Actor, input: { readonly versionId: string; readonly nodeIds: readonly string[]; readonly licenceDays: number }): Promise<Answer>;
  rollBackDeployment(actor: Actor, input: { readonly deploymentId: string; readonly reason: string }): Promise<Answer>;
  acknowledgeDeployment(actor: Actor, input: { readonly deploymentId: string }): Promise<Answer>;
  reportOfflineUsage(actor: Actor, input: { readonly packet: string; readonly signature: string }): Promise<OfflineUsage | Refused | RefusedBy>;
  infer(actor: Actor, input: { readonly versionId: string; readonly imageBase64: string; readonly mediaType: string }): Promise<PredictionRow | Refused>;
  bundleFacts(deploymentId: string): Promise<BundleFacts | null>;
}

interface RefusedBy { readonly refused: RefusalOf<string, unknown> }
export interface OfflineUsage { readonly packetId: string; readonly deploymentId: string; readonly predictions: number; readonly reported: boolean; readonly position: bigint }

const dayMs = 86_400_000;
const imageBytes = 1 << 20;
const pollMs = 50;
const signIn = refuse('NOT_SIGNED_IN', 'Sign in with a wallet first.');

export function createRequests(ports: ModelsPorts, trainer: Trainer): Requests {
  const { store, readModels: { database }, content, platformKey, now } = ports;
  const clock = (): Date => now();
  const models = createHandler({ store, decider: modelDecider, now: clock });
  const versions = createHandler({ store, decider: versionDecider, now: clock });
  const deployments = createHandler({ store, decider: deploymentDecider, now: clock });

  const createModel: Requests['createModel'] = async (actor, { name, architecture, licence }) => {
    if (actor.kind !== 'account') return signIn;
    if (name.trim() === '' || name.length > 200) return refuse('INVALID_INPUT', 'A model needs a name of at most 200 characters.');
    try {
      readArchitecture(architecture);
    } catch (error) {
      if (error instanceof ArchitectureRefused) return refuse('ARCHITECTURE_REFUSED', error.message, error.detail);
      throw error;
    }
    const modelId = newId('model', now());
    const data = { modelId, accountId: actor.accountId, name, architecture, licence };
    return answer(modelId, await models(modelId, command('CreateModel', data, { actor: actor.accountId, now: now() })));
  };

  const startTrainingRun: Requests['startTrainingRun'] = async (actor, input) => {
    if (actor.kind !== 'account') return signIn;
    const { datasetVersionIds, seed, rounds, workers } = input;
    const model = await modelById(database, input.modelId);
    if (model === null) return refuse('UNKNOWN_MODEL', 'There is no such model.', input.modelId);
    if (rounds < 1 || rounds > 100 || workers < 1 || workers > 64 || seed < 0) return refuse('INVALID_INPUT', 'Rounds lie from 1 to 100, workers from 1 to 64, seeds from 0.');
    if (datasetVersionIds.length === 0 || new Set(datasetVersionIds).size !== datasetVersionIds.length) return refuse('INVALID_INPUT', 'Name each dataset version once.');
    const found = await datasetVersionsById(database, datasetVersionIds);
    const sealed = datasetVersionIds.flatMap((id) => found.find((row) => row.id === id) ?? []);
    if (sealed.length < datasetVersionIds.length) return refuse('UNKNOWN_DATASET_VERSION', 'A dataset version is not sealed.', [...datasetVersionIds]);
    if (sealed.reduce((sum, { itemCount }) => sum + itemCount, 0) < workers) return refuse('INVALID_INPUT', 'There are more workers than examples.');
    const evaluationContentId = input.evaluationContentId ?? null;
    const architecture = model.architecture as Json;
    const inputs = await prepareTraining({
      architecture, hyperParameters: input.hyperParameters, seed, evaluationContentId, manifestContentIds: sealed.map(({ manifestContentId }) => manifestContentId),
    }, content);
    if ('refused' in inputs) return inputs;
    const runId = newId('run', now());
    const data = {
      runId, modelId: model.id, accountId: actor.accountId, datasetVersionIds, datasetRoots: sealed.map(({ root }) => root), architecture, ...inputs,
      hyperParameters: { ...inputs.hyperParameters }, seed, rounds, workers, startedAt: now().toISOString(), evaluationContentId,
    };
    return answer(runId, await trainer.handle(runId, command('StartTrainingRun', data, { actor: actor.accountId, now: now() })));
  };

  const publishVersion: Requests['publishVersion'] = async (actor, { runId, card }) => {
    if (actor.kind !== 'account') return signIn;
    const run = await runById(database, runId);
    if (run === null) return refuse('UNKNOWN_RUN', 'There is no such run.', runId);
    if (run.accountId !== actor.accountId) return refuse('NOT_OWNER', 'Only who started the run publishes it.', runId);
    if (run.modelContentId === null || run.modelRoot === null) return refuse('RUN_NOT_COMPLETED', 'The run has no model yet.', runId);
    if (card === null || typeof card !== 'object' || Array.isArray(card)) return refuse('INVALID_INPUT', 'A card is an object.');
    const { modelId, modelContentId, modelRoot, datasetVersionIds } = run;
    const versionId = deriveId('modelversion', runId);
    const full: Json = { ...(card as { readonly [key: string]: Json }), metrics: run.metrics as Json, datasetVersionIds };
    const data = { versionId, modelId, runId, accountId: actor.accountId, publisher: actor.address, modelContentId, modelRoot, card: full };
    return answer(versionId, await versions(versionId, command('PublishVersion', data, { actor: actor.accountId, now: now() })));
  };

  const deployVersion: Requests['deployVersion'] = async (actor, { versionId, nodeIds, licenceDays }) => {
    if (actor.kind !== 'account') return signIn;
    if (licenceDays < 1 || licenceDays > 3650) return refuse('INVALID_INPUT', 'A licence lasts from 1 to 3650 days.');
    const wanted = [...new Set(nodeIds)];
    const devices = await devicesById(database, wanted);
    const missing = wanted.filter((nodeId) => !devices.some(({ id }) => id === nodeId));
    if (wanted.length === 0 || missing.length > 0) return refuse('UNKNOWN_NODE', 'A deployment needs nodes that are enrolled.', missing);
    const deploymentId = newId('deployment', now());
    const licenceExpiresAt = new Date(now().getTime() + licenceDays * dayMs).toISOString();
    const facts = await factsOf({ deploymentId, versionId, nodeIds: wanted, licenceExpiresAt });
    if (facts === null) return refuse('UNKNOWN_VERSION', 'There is no such version.', versionId);
    const data = { deploymentId, versionId, accountId: actor.accountId, nodeIds: wanted, licenceExpiresAt, bundleSignature: signBundle(facts, platformKey) };
    return answer(deploymentId, await deployments(deploymentId, command('DeployVersion', data, { actor: actor.accountId, now: now() })));
  };

  const rollBackDeployment: Requests['rollBackDeployment'] = async (actor, { deploymentId, reason }) => {
    if (actor.kind !== 'account') return signIn;
    const data = { accountId: actor.accountId, reason };
    return answer(deploymentId, await deployments(deploymentId, command('RollBackDeployment', data, { actor: actor.accountId, now: now() })));
  };

  const acknowledgeDeployment: Requests['acknowledgeDeployment'] = async (actor, { deploymentId }) => {
    if (actor.kind !== 'node') return refuse('NOT_A_NODE', 'Only a device acknowledges its deployments.');
    const data = { nodeId: actor.nodeId };
    return answer(deploymentId, await deployments(deploymentId, command('AcknowledgeDeployment', data, { actor: actor.nodeId, now: now() })));
  };

  const reportOfflineUsage: Requests['reportOfflineUsage'] = async (actor, { packet: text, signature }) => {
    if (actor.kind !== 'node') return refuse('NOT_A_NODE', 'Only a device reports its usage.');
    const packet = readPacket(text);
    const [device] = await devicesById(database, [actor.nodeId]);
    if (packet === null || packet.nodeId !== actor.nodeId) return refuse('PACKET_REFUSED', 'The packet is not one of this device.');
    if (device === undefined || !verifySignature(device.publicKey, text, signature)) return refuse('PACKET_REFUSED', 'The packet is not signed by the device\'s key.');
    const { packetId, deploymentId, nodeId, predictions } = packet;
    const id = deriveId('command', `packet/${packetId}`);
    const { state: before } = await loadState(store, deploymentDecider, deploymentId);
    const outcome = await deployments(deploymentId, command('ReportOfflineUsage', { packetId, nodeId, predictions }, { actor: nodeId, now: now(), id }));
    if (!outcome.ok) return { refused: outcome.refusal };
    const reported = before.status !== 'unknown' && !before.packets.has(packetId);
    return { packetId, deploymentId, predictions: predictions.length, reported, position: outcome.position };
  };

  const infer: Requests['infer'] = async (actor, { versionId, imageBase64, mediaType }) => {
    if (actor.kind !== 'account') return signIn;
    const version = await versionById(database, versionId);
    const model = version === null ? null : await modelById(database, version.modelId);
    if (version === null || model === null) return refuse('UNKNOWN_VERSION', 'There is no such version.', versionId);
    const bytes = Buffer.from(imageBase64, 'base64');
    if (bytes.length > imageBytes) return refuse('IMAGE_UNREADABLE', 'The image is larger than 1 MiB.');
    let input: readonly number[];
    try {
      input = [...imageTensor(bytes, mediaType, readArchitecture(model.architecture as Json).input)];
    } catch (error) {
      if (error instanceof ImageUnreadable) return refuse('IMAGE_UNREADABLE', error.message);
      throw error;
    }
    const jobId = newId('job', now());
    const predictionId = newId('prediction', now());
    try {
      await ports.submitJob({
        jobId, kind: 'inference', submitter: actor.accountId, subject: { kind: 'inference', id: predictionId },
        spec: { modelContentId: version.modelContentId, versionId, input: [input] },
      });
    } catch (error) {
      if (isRefusedJob(error)) return refuse('INFERENCE_FAILED', error.message, error.detail);
      throw error;
    }
    return awaitPrediction(predictionId, jobId);
  };

  async function awaitPrediction(predictionId: string, jobId: string): Promise<PredictionRow | Refused> {
    const until = Date.now() + (ports.inferenceTimeoutMs ?? 30_000);
    while (Date.now() < until) {
      const row = await predictionById(database, predictionId);
      if (row !== null) return row;
      const job = await jobById(database, jobId);
      if (job?.status === 'FAILED') return refuse('INFERENCE_FAILED', job.failure ?? 'The job failed.', { jobId });
      await new Promise((resolve) => { setTimeout(resolve, pollMs); });
    }
    return refuse('INFERENCE_LATE', 'No node has answered yet; ask for the prediction later.', { predictionId, jobId });
  }

  async function factsOf(given: Pick<BundleFacts, 'deploymentId' | 'versionId' | 'nodeIds' | 'licenceExpiresAt'>): Promise<BundleFacts | null> {
    const version = await versionById(database, given.versionId);
    const model = version === null ? null : await modelById(database, version.modelId);
    if (version === null || model === null) return null;
    const { labels } = readArchitecture(model.architecture as Json);
    return { ...given, labels, modelContentId: version.modelContentId, modelRoot: version.modelRoot };
  }

  const bundleFacts: Requests['bundleFacts'] = async (deploymentId) => {
    const row = await deploymentById(database, deploymentId);
    return row === null ? null : factsOf({ deploymentId, versionId: row.versionId, nodeIds: row.nodeIds, licenceExpiresAt: row.licenceExpiresAt });
  };

  return { createModel, startTrainingRun, publishVersion, deployVersion, rollBackDeployment, acknowledgeDeployment, reportOfflineUsage, infer, bundleFacts };
}

function answer<S, R extends RefusalOf<string, unknown>>(id: string, outcome: Outcome<S, R>): Answer {
  return outcome.ok ? { id, position: outcome.position } : { refused: outcome.refusal };
}
