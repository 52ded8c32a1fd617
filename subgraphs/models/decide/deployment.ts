import type { Decider, Decision } from '@oort/kernel-decider';
import type { DeploymentCommand } from '../commands';
import { evolveDeployment, type DeploymentEvent } from '../evolve';
import type { DeploymentRefusal } from '../refusals';
import { nodesWithin } from '../rings';
import { unknown, type DeploymentState } from '../state';

export const deploymentDecider: Decider<DeploymentCommand, DeploymentState, DeploymentEvent, DeploymentRefusal> = {
  category: 'deployment', initial: unknown, decide, evolve: evolveDeployment,
};

type Known = Exclude<DeploymentState, { readonly status: 'unknown' }>;
type OpenNextRing = Extract<DeploymentCommand, { readonly type: 'OpenNextRing' }>['data'];
type Report = Extract<DeploymentCommand, { readonly type: 'ReportOfflineUsage' }>['data'];

function decide(command: DeploymentCommand, state: DeploymentState): Decision<DeploymentEvent, DeploymentRefusal> {
  if (command.type === 'DeployVersion') {
    if (state.status !== 'unknown') {
      return refuse('DEPLOYMENT_EXISTS', 'There is a deployment with this id.', command.data.deploymentId);
    }
    return { events: [{ type: 'DeploymentCreated', data: command.data }] };
  }
  if (state.status === 'unknown') return refuse('UNKNOWN_DEPLOYMENT', 'There is no such deployment.', '');
  const { deploymentId, versionId, accountId } = state.deployment;
  switch (command.type) {
    case 'AcknowledgeDeployment': {
      const { nodeId } = command.data;
      if (!state.reached.has(nodeId)) {
        return refuse('NOT_ADDRESSED', 'The deployment is not for this node, or its ring is not open yet.', deploymentId);
      }
      if (state.status === 'rolled-back') {
        return refuse('ROLLED_BACK', 'The deployment was taken back.', deploymentId);
      }
      if (state.installedOn.has(nodeId)) return { events: [] };
      return { events: [{ type: 'DeploymentInstalled', data: { deploymentId, versionId, nodeId } }] };
    }
    case 'OpenNextRing': return openNextRing(command.data, state);
    case 'RollBackDeployment': {
      if (command.data.accountId !== accountId) {
        return refuse('NOT_OWNER', 'Only who deployed it takes it back.', deploymentId);
      }
      if (state.status === 'rolled-back') return { events: [] };
      return { events: [{ type: 'DeploymentRolledBack', data: { deploymentId, versionId, reason: command.data.reason } }] };
    }
    case 'ReportOfflineUsage': return report(command.data, state);
  }
}

/** A ring opens when every device of the one before runs the version: what breaks devices stays with few of them. */
function openNextRing({ accountId, force }: OpenNextRing, { deployment, status, ring, reached, installedOn }: Known): Decision<DeploymentEvent, DeploymentRefusal> {
  const { deploymentId, versionId, nodeIds, rings = [100] } = deployment;
  if (accountId !== deployment.accountId) return refuse('NOT_OWNER', 'Only who deployed it opens its rings.', deploymentId);
  if (status === 'rolled-back') return refuse('ROLLED_BACK', 'The deployment was taken back.', deploymentId);
  const percent = rings[ring + 1];
  if (percent === undefined) return refuse('LAST_RING', 'Every ring is open.', deploymentId);
  const missing = [...reached].filter((nodeId) => !installedOn.has(nodeId));
  if (missing.length > 0 && !force) {
    return { refused: { code: 'RING_NOT_INSTALLED', message: 'Devices of the open ring have not installed it yet.', payload: { missing } } };
  }
  return { events: [{ type: 'DeploymentRingOpened', data: { deploymentId, versionId, ring: ring + 1, percent, nodeIds: nodesWithin(deploymentId, nodeIds, percent) } }] };
}

/** A packet counts once, however often it is sent. One that was predicted before a roll-back counts after it too. */
function report({ packetId, nodeId, predictions }: Report, { deployment, packets }: Known): Decision<DeploymentEvent, DeploymentRefusal> {
  const { deploymentId, versionId, accountId, nodeIds, licenceExpiresAt } = deployment;
  if (!nodeIds.includes(nodeId)) {
    return refuse('NOT_ADDRESSED', 'The deployment is not for this node.', deploymentId);
  }
  if (packets.has(packetId)) return { events: [] };
  const times = predictions.map(({ predictedAt }) => predictedAt).sort();
  const [from] = times;
  const to = times.at(-1);
  if (from === undefined || to === undefined) {
    return refuse('EMPTY_PACKET', 'A packet needs a prediction.', packetId);
  }
  if (to > licenceExpiresAt) {
    return { refused: { code: 'LICENCE_EXPIRED', message: 'A prediction was made after the licence had ended.', payload: { licenceExpiresAt, predictedAt: to } } };
  }
  return {
    events: [
      { type: 'OfflineUsageReported', data: { packetId, deploymentId, versionId, nodeId, accountId, predictions: predictions.length, from, to } },
      ...predictions.map((prediction): DeploymentEvent => ({ type: 'PredictionRecorded', data: { ...prediction, versionId, nodeId, deploymentId, jobId: null } })),
    ],
  };
}

function refuse(code: Exclude<DeploymentRefusal['code'], 'LICENCE_EXPIRED' | 'RING_NOT_INSTALLED'>, message: string, id: string): { readonly refused: DeploymentRefusal } {
  return { refused: { code, message, payload: { id } } };
}
