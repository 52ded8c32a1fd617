// Versions on devices: deploying them, taking them back, and what devices say about them.
import { command, createHandler, loadState } from '@oort/kernel-decider';
import { verifySignature } from '@oort/kernel-identity';
import { deriveId, newId, type Json } from '@oort/kernel-wire';
import { deploymentsFor, devicesById, modelById, versionById } from '@oort/projections-models';
import { bundleText, licenceToken, signBundle, type BundleFacts } from '../bundle';
import { deploymentDecider } from '../decide/deployment';
import { faceOf } from '../face';
import { readPacket } from '../offline-packet';
import { nodesWithin, readRings } from '../rings';
import type { ModelsPorts } from '../ports';
import { refuse } from '../refusals';
import { answer, signIn, type Actor, type Answer, type RefusedAnswer } from './answer';
import { mayRead, notOpen } from './rights';

export interface DeployInput { readonly versionId: string; readonly nodeIds: readonly string[]; readonly licenceDays: number; readonly rings?: readonly number[] }
export interface OfflineUsage {
  readonly packetId: string; readonly deploymentId: string; readonly predictions: number; readonly reported: boolean; readonly position: bigint;
}
export interface OfferedBundle {
  readonly deploymentId: string; readonly versionId: string; readonly bundle: string; readonly signature: string; readonly licence: string;
}

const dayMs = 86_400_000;

export class DeploymentRequests {
  private readonly deployments;

  constructor(private readonly ports: ModelsPorts) {
    this.deployments = createHandler({ store: ports.store, decider: deploymentDecider, now: () => ports.now() });
  }

  async deployVersion(actor: Actor, { versionId, nodeIds, licenceDays, rings: given = [100] }: DeployInput): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    if (licenceDays < 1 || licenceDays > 3650) {
      return refuse('INVALID_INPUT', 'A licence lasts from 1 to 3650 days.');
    }
    const rings = readRings(given);
    if (rings === null) return refuse('INVALID_INPUT', 'Rings are at most ten rising percentages, and the last is 100.');
    const wanted = [...new Set(nodeIds)];
    const missing = await this.missingOf(wanted);
    if (wanted.length === 0 || missing.length > 0) {
      return refuse('UNKNOWN_NODE', 'A deployment needs nodes that are enrolled.', missing);
    }
    const now = this.ports.now();
    const deploymentId = newId('deployment', now);
    const licenceExpiresAt = new Date(now.getTime() + licenceDays * dayMs).toISOString();
    const facts = await this.factsOf({ deploymentId, versionId, nodeIds: wanted, licenceExpiresAt });
    if (facts === null) return refuse('UNKNOWN_VERSION', 'There is no such version.', versionId);
    if (!await mayRead(this.ports, facts.modelContentId, actor)) return notOpen('The version', versionId);
    const bundleSignature = signBundle(facts, this.ports.platformKey);
    const data = { deploymentId, versionId, accountId: actor.accountId, nodeIds: wanted, licenceExpiresAt, bundleSignature, rings, firstNodeIds: nodesWithin(deploymentId, wanted, rings[0] ?? 100) };
    return answer(deploymentId, await this.deployments(deploymentId, command('DeployVersion', data, { actor: actor.accountId, now })));
  }

  /** Those that are not enrolled. One that enrolled a moment ago may not have been read yet. */
  private async missingOf(nodeIds: readonly string[]): Promise<readonly string[]> {
    const { store, readModels } = this.ports;
    const unread = async (): Promise<readonly string[]> => {
      const devices = await devicesById(readModels.database, nodeIds);
      return nodeIds.filter((nodeId) => !devices.some(({ id }) => id === nodeId));
    };
    const missing = await unread();
    const head = missing.length === 0 ? null : await store.head();
    if (head === null) return missing;
    await readModels.waitFor('models', head);
    return unread();
  }

  async openNextRing(actor: Actor, { deploymentId, force = false }: { readonly deploymentId: string; readonly force?: boolean }): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const asked = command('OpenNextRing', { accountId: actor.accountId, force }, { actor: actor.accountId, now: this.ports.now() });
    return answer(deploymentId, await this.deployments(deploymentId, asked));
  }

  async rollBackDeployment(actor: Actor, { deploymentId, reason }: { readonly deploymentId: string; readonly reason: string }): Promise<Answer> {
    if (actor.kind !== 'account') return signIn;
    const asked = command('RollBackDeployment', { accountId: actor.accountId, reason }, { actor: actor.accountId, now: this.ports.now() });
    return answer(deploymentId, await this.deployments(deploymentId, asked));
  }

  async acknowledgeDeployment(actor: Actor, { deploymentId }: { readonly deploymentId: string }): Promise<Answer> {
    if (actor.kind !== 'node') return refuse('NOT_A_NODE', 'Only a device acknowledges its deployments.');
    const asked = command('AcknowledgeDeployment', { nodeId: actor.nodeId }, { actor: actor.nodeId, now: this.ports.now() });
    return answer(deploymentId, await this.deployments(deploymentId, asked));
  }

  async reportOfflineUsage(actor: Actor, input: { readonly packet: string; readonly signature: string }): Promise<OfflineUsage | RefusedAnswer> {
    if (actor.kind !== 'node') return refuse('NOT_A_NODE', 'Only a device reports its usage.');
    const packet = readPacket(input.packet);
    const [device] = await devicesById(this.ports.readModels.database, [actor.nodeId]);
    if (packet === null || packet.nodeId !== actor.nodeId) {
      return refuse('PACKET_REFUSED', 'The packet is not one of this device.');
    }
    if (device === undefined || !verifySignature(device.publicKey, input.packet, input.signature)) {
      return refuse('PACKET_REFUSED', 'The packet is not signed by the device\'s key.');
    }
    const { packetId, deploymentId, nodeId, predictions } = packet;
    const { state: before } = await loadState(this.ports.store, deploymentDecider, deploymentId);
    // A packet's id is the command's: sent again, it is the same command.
    const options = { actor: nodeId, now: this.ports.now(), id: deriveId('command', `packet/${deploymentId}/${packetId}`) };
    const outcome = await this.deployments(deploymentId, command('ReportOfflineUsage', { packetId, nodeId, predictions }, options));
    if (!outcome.ok) return { refused: outcome.refusal };
    const reported = before.status !== 'unknown' && !before.packets.has(packetId);
    return { packetId, deploymentId, predictions: predictions.length, reported, position: outcome.position };
  }

  /** What a device should hold now, with a licence of its own. */
  async bundlesFor(actor: Actor): Promise<readonly OfferedBundle[]> {
    if (actor.kind !== 'node') return [];
    const rows = await deploymentsFor(this.ports.readModels.database, actor.nodeId);
    const bundles = await Promise.all(rows.map(async ({ id, versionId, nodeIds, licenceExpiresAt, bundleSignature }) => {
      const facts = await this.factsOf({ deploymentId: id, versionId, nodeIds, licenceExpiresAt });
      if (facts === null) return [];
      const licence = licenceToken(facts, actor.nodeId, this.ports.platformKey);
      return [{ deploymentId: id, versionId, bundle: bundleText(facts), signature: bundleSignature, licence }];
    }));
    return bundles.flat();
  }

  private async factsOf(given: Pick<BundleFacts, 'deploymentId' | 'versionId' | 'nodeIds' | 'licenceExpiresAt'>): Promise<BundleFacts | null> {
    const { database } = this.ports.readModels;
    const version = await versionById(database, given.versionId);
    const model = version === null ? null : await modelById(database, version.modelId);
    if (version === null || model === null) return null;
    const { labels } = faceOf(model.architecture as Json);
    return { ...given, labels, modelContentId: version.modelContentId, modelRoot: version.modelRoot };
  }
}
