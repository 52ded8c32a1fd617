// The deployments that a device holds. Nothing is installed, and nothing is loaded again after a restart, before its signature,
// its licence and the file's Merkle root were checked.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as onnx from 'onnxruntime-node';
import { commitBytes } from '@oort/algorithms-possession';
import { contentIdOf } from '@oort/kernel-content';
import { verifySignature } from '@oort/kernel-identity';
import { Fault, type Json } from '@oort/kernel-wire';
import { OpenModel } from '@oort/node-agents-model';
import { writeWhole } from './write-whole';

/** As `myDeployments` gives it. */
export interface OfferedDeployment {
  readonly deploymentId: string;
  readonly versionId: string;
  readonly bundle: string;
  readonly signature: string;
  /** `base64url(canonical JSON) . hex signature`. */
  readonly licence: string;
}

export interface Bundle {
  readonly deploymentId: string;
  readonly versionId: string;
  readonly modelContentId: string;
  readonly modelRoot: string;
  readonly labels: readonly string[];
}

export interface InstalledModel { readonly bundle: Bundle; readonly model: OpenModel }

export class DeploymentRefused extends Fault {
  constructor(message: string, detail: Json = null) { super('DEPLOYMENT_REFUSED', message, detail); }
}

interface ShelfOptions { readonly directory: string; readonly nodeId: string; readonly platformPublicKey: string; now(): Date }

export class DeploymentShelf {
  private readonly folder: string;
  private readonly loaded = new Map<string, InstalledModel>();

  constructor(private readonly options: ShelfOptions) {
    this.folder = join(options.directory, 'deployments');
    mkdirSync(this.folder, { recursive: true });
  }

  has(deploymentId: string): boolean {
    return existsSync(this.path(deploymentId, 'json'));
  }

  /** Throws DeploymentRefused unless the platform signed the bundle and a licence of this node that has not ended. */
  verify(offered: OfferedDeployment): void {
    const { platformPublicKey, nodeId } = this.options;
    if (!verifySignature(platformPublicKey, offered.bundle, offered.signature)) {
      throw new DeploymentRefused('the platform did not sign the bundle');
    }
    const [payload = '', signature = ''] = offered.licence.split('.');
    const text = Buffer.from(payload, 'base64url');
    if (!verifySignature(platformPublicKey, text, signature)) {
      throw new DeploymentRefused('the platform did not sign the licence');
    }
    const licence = JSON.parse(text.toString('utf8')) as Readonly<Record<string, Json | undefined>>;
    const bundle = readBundle(offered);
    if (licence['nodeId'] !== nodeId) throw new DeploymentRefused('the licence is for another node');
    if (licence['deploymentId'] !== bundle.deploymentId || licence['versionId'] !== bundle.versionId || offered.deploymentId !== bundle.deploymentId) {
      throw new DeploymentRefused('the licence is for another deployment');
    }
    const { licenceExpiresAt } = licence;
    if (typeof licenceExpiresAt !== 'string' || this.options.now().toISOString() > licenceExpiresAt) {
      throw new DeploymentRefused('the licence has ended');
    }
  }

  /** Throws DeploymentRefused when the file is not the one that was signed. */
  install(offered: OfferedDeployment, model: Buffer): void {
    this.verify(offered);
    requireSignedFile(readBundle(offered), model);
    writeWhole(this.path(offered.deploymentId, 'onnx'), model);
    writeWhole(this.path(offered.deploymentId, 'json'), JSON.stringify(offered));
  }

  /** Removes what is not among these: it was taken back. */
  keepOnly(deploymentIds: readonly string[]): void {
    for (const deploymentId of this.installed().filter((id) => !deploymentIds.includes(id))) {
      this.loaded.delete(deploymentId);
      rmSync(this.path(deploymentId, 'json'));
      rmSync(this.path(deploymentId, 'onnx'), { force: true });
    }
  }

  /** The newest deployment whose licence runs; null when there is none. Throws DeploymentRefused when the disk holds something else. */
  async newest(): Promise<InstalledModel | null> {
    // Ids are ULIDs, so the largest is the newest.
    for (const deploymentId of this.installed().sort().reverse()) {
      const offered = JSON.parse(readFileSync(this.path(deploymentId, 'json'), 'utf8')) as OfferedDeployment;
      try {
        this.verify(offered);
      } catch (error) {
        if (error instanceof DeploymentRefused) continue;
        throw error;
      }
      return this.loaded.get(deploymentId) ?? await this.load(offered);
    }
    return null;
  }

  private async load(offered: OfferedDeployment): Promise<InstalledModel> {
    const bundle = readBundle(offered);
    const file = readFileSync(this.path(bundle.deploymentId, 'onnx'));
    requireSignedFile(bundle, file);
    const installed = { bundle, model: await OpenModel.open(onnx, file) };
    this.loaded.set(bundle.deploymentId, installed);
    return installed;
  }

  private installed(): string[] {
    return readdirSync(this.folder).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  }

  private path(deploymentId: string, extension: 'json' | 'onnx'): string {
    return join(this.folder, `${deploymentId.replace(/[^A-Za-z0-9_]/g, '')}.${extension}`);
  }
}

/** Throws DeploymentRefused. */
export function readBundle({ bundle: text }: Pick<OfferedDeployment, 'bundle'>): Bundle {
  const { deploymentId, versionId, modelContentId, modelRoot, labels } = JSON.parse(text) as Readonly<Record<string, Json | undefined>>;
  if (typeof deploymentId !== 'string' || typeof versionId !== 'string' || typeof modelContentId !== 'string' || typeof modelRoot !== 'string' || !Array.isArray(labels)) {
    throw new DeploymentRefused('the bundle lacks a field');
  }
  return { deploymentId, versionId, modelContentId, modelRoot, labels: labels.map(String) };
}

function requireSignedFile({ modelContentId, modelRoot }: Bundle, model: Buffer): void {
  if (contentIdOf(model) !== modelContentId || commitBytes(model).root !== modelRoot) {
    throw new DeploymentRefused('the model is not the file that was signed');
  }
}
