import { command, scenario } from '@oort/kernel-decider';
import { predictionDecider, versionDecider } from './decide/catalogue';
import { deploymentDecider } from './decide/deployment';
import { modelDecider } from './decide/model';
import { runDecider } from './decide/run';
import type { DeploymentEvent, RunEvent } from './evolve';
import { nodesWithin } from './rings';

const now = { actor: 'account_1', now: new Date('2026-01-01T00:00:00.000Z'), id: 'command_1' };
const run = {
  runId: 'run_1', modelId: 'model_1', accountId: 'account_1', datasetVersionIds: ['version_1'], datasetRoots: ['aa'], codeDigest: 'cc',
  architecture: {}, hyperParameters: {}, seed: 1, rounds: 1, workers: 2, startedAt: '2026-01-01T00:00:00.000Z',
  exampleSetContentIds: ['e'], evaluationContentId: null, initialWeightsContentId: 'w',
};
const round = { runId: 'run_1', round: 0, jobIds: ['job_1'], nodeIds: ['node_1'], weightsContentId: 'w1', metrics: {} };
const completed = {
  runId: 'run_1', modelId: 'model_1', modelContentId: 'm', modelRoot: 'rr', datasetRoots: ['aa'], metrics: null, nodeIds: ['node_1'], manifest: {},
  manifestHash: 'hh', startedAt: run.startedAt, endedAt: run.startedAt,
};
const started: RunEvent = { type: 'TrainingRunStarted', data: run };
const afterRound: readonly RunEvent[] = [started, { type: 'TrainingRoundCompleted', data: round }];
const ended: readonly RunEvent[] = [...afterRound, { type: 'TrainingRunCompleted', data: completed }];

describe('a training run', () => {
  const when = scenario(runDecider);

  it('starts once, completes its rounds in order, then itself', () => {
    when.given([]).when(command('StartTrainingRun', run, now)).thenEvents([started]);
    when.given([started]).when(command('StartTrainingRun', run, now)).thenRefused('RUN_EXISTS');
    when.given([started]).when(command('CompleteRound', round, now)).thenEvents([{ type: 'TrainingRoundCompleted', data: round }]);
    when.given(afterRound).when(command('CompleteTrainingRun', completed, now)).thenEvents([{ type: 'TrainingRunCompleted', data: completed }]);
  });

  it('refuses rounds out of order, an end without its rounds, and anything after the end', () => {
    when.given([started]).when(command('CompleteRound', { ...round, round: 1 }, now)).thenRefused('ROUND_OUT_OF_ORDER', { expected: 0, given: 1 });
    when.given(afterRound).when(command('CompleteRound', { ...round, round: 1 }, now)).thenRefused('ROUND_OUT_OF_ORDER');
    when.given([started]).when(command('CompleteTrainingRun', completed, now)).thenRefused('ROUNDS_MISSING', { completed: 0, rounds: 1 });
    when.given(ended).when(command('CompleteTrainingRun', completed, now)).thenRefused('RUN_ENDED');
    when.given([]).when(command('CompleteRound', round, now)).thenRefused('UNKNOWN_RUN');
  });

  it('may end before its rounds when they brought nothing for as long as it has patience', () => {
    const patient: RunEvent = { type: 'TrainingRunStarted', data: { ...run, rounds: 5, hyperParameters: { patience: 1 } } };
    const rounds = [1, 1].map((loss, index): RunEvent => ({ type: 'TrainingRoundCompleted', data: { ...round, round: index, metrics: { workers: [{ loss }] } } }));
    when.given([patient, ...rounds.slice(0, 1)]).when(command('CompleteTrainingRun', completed, now)).thenRefused('ROUNDS_MISSING', { completed: 1, rounds: 5 });
    when.given([patient, ...rounds]).when(command('CompleteTrainingRun', completed, now)).thenEvents([{ type: 'TrainingRunCompleted', data: completed }]);
  });

  it('fails once', () => {
    const failed: RunEvent = { type: 'TrainingRunFailed', data: { runId: 'run_1', reason: 'no workers' } };
    when.given([started]).when(command('FailTrainingRun', failed.data, now)).thenEvents([failed]);
    when.given([started, failed]).when(command('FailTrainingRun', failed.data, now)).thenRefused('RUN_ENDED');
  });
});

const deployment = {
  deploymentId: 'deployment_1', versionId: 'version_1', accountId: 'account_1', nodeIds: ['node_1'], licenceExpiresAt: '2026-02-01T00:00:00.000Z', bundleSignature: 'ss',
};
const deployed: DeploymentEvent = { type: 'DeploymentCreated', data: deployment };
const prediction = { predictionId: 'prediction_1', inputHash: 'i', outputHash: 'o', label: '7', predictedAt: '2026-01-02T00:00:00.000Z' };
const packet = { packetId: 'packet_1', nodeId: 'node_1', predictions: [prediction] };
const usage: readonly DeploymentEvent[] = [
  { type: 'OfflineUsageReported', data: {
    packetId: 'packet_1', deploymentId: 'deployment_1', versionId: 'version_1', nodeId: 'node_1', accountId: 'account_1', predictions: 1,
    from: prediction.predictedAt, to: prediction.predictedAt,
  } },
  { type: 'PredictionRecorded', data: { ...prediction, versionId: 'version_1', nodeId: 'node_1', deploymentId: 'deployment_1', jobId: null } },
];

describe('a deployment', () => {
  const when = scenario(deploymentDecider);
  const acknowledge = (nodeId: string) => command('AcknowledgeDeployment', { nodeId }, now);
  const installed: DeploymentEvent = { type: 'DeploymentInstalled', data: { deploymentId: 'deployment_1', versionId: 'version_1', nodeId: 'node_1' } };
  const rollBack = (accountId: string) => command('RollBackDeployment', { accountId, reason: 'worse' }, now);
  const rolledBack: DeploymentEvent = { type: 'DeploymentRolledBack', data: { deploymentId: 'deployment_1', versionId: 'version_1', reason: 'worse' } };

  it('is made once and installed once on each of its nodes', () => {
    when.given([]).when(command('DeployVersion', deployment, now)).thenEvents([deployed]);
    when.given([deployed]).when(command('DeployVersion', deployment, now)).thenRefused('DEPLOYMENT_EXISTS');
    when.given([deployed]).when(acknowledge('node_1')).thenEvents([installed]);
    when.given([deployed, installed]).when(acknowledge('node_1')).thenEvents([]);
    when.given([deployed]).when(acknowledge('node_2')).thenRefused('NOT_ADDRESSED');
    when.given([]).when(acknowledge('node_1')).thenRefused('UNKNOWN_DEPLOYMENT');
  });

  it('reaches its devices ring by ring, each when the one before runs it', () => {
    const nodeIds = ['node_1', 'node_2', 'node_3', 'node_4'];
    const [firstNode = ''] = nodesWithin('deployment_1', nodeIds, 25);
    const others = nodeIds.filter((nodeId) => nodeId !== firstNode);
    const ringed: DeploymentEvent = { type: 'DeploymentCreated', data: { ...deployment, nodeIds, rings: [25, 100], firstNodeIds: [firstNode] } };
    const opened: DeploymentEvent = {
      type: 'DeploymentRingOpened', data: { deploymentId: 'deployment_1', versionId: 'version_1', ring: 1, percent: 100, nodeIds: nodesWithin('deployment_1', nodeIds, 100) },
    };
    const onFirst: DeploymentEvent = { type: 'DeploymentInstalled', data: { deploymentId: 'deployment_1', versionId: 'version_1', nodeId: firstNode } };
    const openNext = (accountId: string, force = false) => command('OpenNextRing', { accountId, force }, now);
    when.given([ringed]).when(acknowledge(others[0] ?? '')).thenRefused('NOT_ADDRESSED');
    when.given([ringed]).when(openNext('account_1')).thenRefused('RING_NOT_INSTALLED', { missing: [firstNode] });
    when.given([ringed]).when(openNext('account_1', true)).thenEvents([opened]);
    when.given([ringed, onFirst]).when(openNext('account_1')).thenEvents([opened]);
    when.given([ringed, onFirst]).when(openNext('account_2')).thenRefused('NOT_OWNER');
    when.given([ringed, onFirst, opened]).when(openNext('account_1', true)).thenRefused('LAST_RING');
    when.given([ringed, onFirst, rolledBack]).when(openNext('account_1')).thenRefused('ROLLED_BACK');
    when.given([ringed, onFirst, opened]).when(acknowledge(others[0] ?? ''))
      .thenEvents([{ type: 'DeploymentInstalled', data: { deploymentId: 'deployment_1', versionId: 'version_1', nodeId: others[0] ?? '' } }]);
  });

  it('is taken back by its owner and not installed after that', () => {
    when.given([deployed]).when(rollBack('account_2')).thenRefused('NOT_OWNER');
    when.given([deployed]).when(rollBack('account_1')).thenEvents([rolledBack]);
    when.given([deployed, rolledBack]).when(rollBack('account_1')).thenEvents([]);
    when.given([deployed, rolledBack]).when(acknowledge('node_1')).thenRefused('ROLLED_BACK');
  });

  it('counts a packet once, whenever it comes', () => {
    when.given([deployed]).when(command('ReportOfflineUsage', packet, now)).thenEvents(usage);
    when.given([deployed, ...usage]).when(command('ReportOfflineUsage', packet, now)).thenEvents([]);
    when.given([deployed, rolledBack]).when(command('ReportOfflineUsage', packet, now)).thenEvents(usage);
  });

  it('refuses packets of strangers, empty ones, and predictions after the licence', () => {
    when.given([deployed]).when(command('ReportOfflineUsage', { ...packet, nodeId: 'node_2' }, now)).thenRefused('NOT_ADDRESSED');
    when.given([deployed]).when(command('ReportOfflineUsage', { ...packet, predictions: [] }, now)).thenRefused('EMPTY_PACKET');
    const late = { ...packet, predictions: [{ ...prediction, predictedAt: '2026-03-01T00:00:00.000Z' }] };
    when.given([deployed]).when(command('ReportOfflineUsage', late, now)).thenRefused('LICENCE_EXPIRED');
  });
});

describe('models, versions and predictions', () => {
  it('are written once', () => {
    const model = { modelId: 'model_1', accountId: 'account_1', name: 'digits', architecture: {}, licence: 'Apache-2.0' };
    scenario(modelDecider).given([]).when(command('CreateModel', model, now)).thenEvents([{ type: 'ModelCreated', data: model }]);
    scenario(modelDecider).given([{ type: 'ModelCreated', data: model }]).when(command('CreateModel', model, now)).thenRefused('MODEL_EXISTS');
    const version = { versionId: 'v', modelId: 'model_1', runId: 'run_1', accountId: 'account_1', publisher: '0x', modelContentId: 'm', modelRoot: 'r', card: {} };
    scenario(versionDecider).given([]).when(command('PublishVersion', version, now)).thenEvents([{ type: 'ModelVersionPublished', data: version }]);
    scenario(versionDecider).given([{ type: 'ModelVersionPublished', data: version }]).when(command('PublishVersion', version, now)).thenRefused('VERSION_EXISTS');
    const recorded = { ...prediction, versionId: 'v', nodeId: 'node_1', deploymentId: null, jobId: 'job_1' };
    scenario(predictionDecider).given([]).when(command('RecordPrediction', recorded, now)).thenEvents([{ type: 'PredictionRecorded', data: recorded }]);
    scenario(predictionDecider).given([{ type: 'PredictionRecorded', data: recorded }]).when(command('RecordPrediction', recorded, now)).thenEvents([]);
  });
});
