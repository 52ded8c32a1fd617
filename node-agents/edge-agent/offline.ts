// A device that infers without a network: deployments are installed while there is one, images in `inbox/` are answered in
// `outbox/` whether there is or not, and what was used is reported when there is one again, once.
import { setTimeout as pause } from 'node:timers/promises';
import type { Json } from '@oort/kernel-wire';
import { NetworkOff, requireNetwork } from '@oort/node-agents-agent/network-switch';
import type { DeviceKey } from '@oort/kernel-identity';
import { DeploymentShelf, readBundle, type OfferedDeployment } from './deployment-shelf';
import { Inbox } from './inbox';
import { UsageBuffer, type UsagePacket } from './usage-buffer';

export interface OfflinePorts {
  /** The agent's own directory. */
  readonly directory: string;
  readonly nodeId: string;
  readonly key: DeviceKey;
  /** The platform's Ed25519 key from the enrolment, hex. */
  readonly platformPublicKey: string;
  /** A signed request to the platform. Throws without a network and when the answer carries errors. */
  graphql<T>(document: string, variables: { readonly [name: string]: Json }): Promise<T>;
  /** Bytes that hash to the content id. */
  fetchContent(contentId: string): Promise<Buffer>;
  now(): Date;
  /** What went wrong with a deployment or an image, for the agent's log. */
  warn?(text: string): void;
}

const inboxEveryMs = 200;
const networkEveryMs = 1000;

const myDeployments = '{ myDeployments { deploymentId versionId bundle signature licence } }';
const acknowledge = `mutation Acknowledge($input: AcknowledgeDeploymentInput!) {
  acknowledgeDeployment(input: $input) { __typename ... on Refusal { code message } }
}`;
const report = `mutation Report($input: ReportOfflineUsageInput!) {
  reportOfflineUsage(input: $input) { __typename ... on Refusal { code message } }
}`;

interface Reply { readonly __typename: string; readonly code?: string; readonly message?: string }

export class OfflineInference {
  private readonly shelf: DeploymentShelf;
  private readonly usage: UsageBuffer;
  private readonly inbox: Inbox;
  /** By this process: after a restart each is acknowledged again, which changes nothing if it had been. */
  private readonly acknowledged = new Set<string>();
  private lastWarning = '';

  constructor(private readonly ports: OfflinePorts) {
    const { directory, nodeId, key, platformPublicKey } = ports;
    this.shelf = new DeploymentShelf({ directory, nodeId, platformPublicKey, now: () => ports.now() });
    this.usage = new UsageBuffer({ directory, nodeId, key });
    this.inbox = new Inbox({ directory, shelf: this.shelf, usage: this.usage, now: () => ports.now(), warn: (text) => this.warn(text) });
  }

  /** Runs until the signal aborts. Neither loop waits for the other. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.every(inboxEveryMs, signal, () => this.inbox.answerAll()),
      this.every(networkEveryMs, signal, () => this.synchronise()),
    ]);
  }

  /** Answers what lies in the inbox now; resolves with how many. */
  async answerAll(): Promise<number> {
    return this.inbox.answerAll();
  }

  /** Installs what is new, removes what was taken back, reports what was used. Throws NetworkOff while the switch is off. */
  async synchronise(): Promise<void> {
    requireNetwork(this.ports.directory);
    const { myDeployments: offered } = await this.ports.graphql<{ readonly myDeployments: readonly OfferedDeployment[] }>(myDeployments, {});
    for (const deployment of offered) {
      try {
        await this.install(deployment);
      } catch (error) {
        if (error instanceof NetworkOff) throw error;
        this.warn(`deployment ${deployment.deploymentId}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.shelf.keepOnly(offered.map(({ deploymentId }) => deploymentId));
    for (const packet of this.usage.packets()) await this.report(packet);
  }

  private async install(deployment: OfferedDeployment): Promise<void> {
    const { deploymentId } = deployment;
    if (this.acknowledged.has(deploymentId)) return;
    if (!this.shelf.has(deploymentId)) {
      this.shelf.verify(deployment);
      this.shelf.install(deployment, await this.ports.fetchContent(readBundle(deployment).modelContentId));
    }
    await this.ports.graphql(acknowledge, { input: { deploymentId } });
    this.acknowledged.add(deploymentId);
  }

  private async report(packet: UsagePacket): Promise<void> {
    requireNetwork(this.ports.directory);
    const { reportOfflineUsage: reply } = await this.ports.graphql<{ readonly reportOfflineUsage: Reply }>(report, {
      input: { packet: packet.text, signature: packet.signature },
    });
    if (reply.__typename === 'Refusal') {
      this.usage.setAside(packet);
      this.warn(`usage packet ${packet.packetId} was refused: ${reply.code ?? ''} ${reply.message ?? ''}`);
    } else {
      this.usage.settle(packet);
    }
  }

  private async every(periodMs: number, signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        // Being without a network is what this is for; anything else is said and tried again.
        if (!(error instanceof NetworkOff)) this.warn(error instanceof Error ? error.message : String(error));
      }
      await pause(periodMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Without the platform the same sentence would come every second. */
  private warn(text: string): void {
    if (text !== this.lastWarning) this.ports.warn?.(`offline inference: ${text}`);
    this.lastWarning = text;
  }
}
