// What was used and not yet reported, on disk. Predictions gather as files; a packet is written, signed, before it is sent and is
// sent until the platform answers. The platform counts a packet's id once, so losing its answer doubles nothing.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { signWith, type DeviceKey } from '@oort/kernel-identity';
import { canonicalJson, deriveId } from '@oort/kernel-wire';
import { writeWhole } from './write-whole';

export interface UsedPrediction {
  readonly predictionId: string;
  readonly deploymentId: string;
  readonly versionId: string;
  readonly label: string;
  readonly inputHash: string;
  readonly outputHash: string;
  /** RFC 3339 with milliseconds, UTC. */
  readonly predictedAt: string;
}

export interface UsagePacket { readonly packetId: string; readonly text: string; readonly signature: string; readonly predictionIds: readonly string[] }

interface BufferOptions { readonly directory: string; readonly nodeId: string; readonly key: DeviceKey }

const mostPredictions = 200;

export class UsageBuffer {
  private readonly pending: string;
  private readonly packed: string;
  private readonly refused: string;

  constructor(private readonly options: BufferOptions) {
    this.pending = join(options.directory, 'usage', 'pending');
    this.packed = join(options.directory, 'usage', 'packets');
    this.refused = join(options.directory, 'usage', 'refused');
    for (const folder of [this.pending, this.packed, this.refused]) mkdirSync(folder, { recursive: true });
  }

  /** The same prediction again changes nothing. */
  add(prediction: UsedPrediction): void {
    writeWhole(join(this.pending, `${prediction.predictionId}.json`), JSON.stringify(prediction));
  }

  /** Everything that waits, as packets: those of before first, then new ones of what gathered since. */
  packets(): readonly UsagePacket[] {
    const earlier = filesOf(this.packed).map((file) => read<UsagePacket>(join(this.packed, file)));
    // A crash may have left predictions beside the packet that holds them.
    for (const predictionId of earlier.flatMap(({ predictionIds }) => predictionIds)) this.forget(predictionId);
    const waiting = filesOf(this.pending).map((file) => read<UsedPrediction>(join(this.pending, file)));
    return [...earlier, ...groups(waiting).map((group) => this.pack(group))];
  }

  settle({ packetId }: UsagePacket): void {
    rmSync(join(this.packed, `${packetId}.json`), { force: true });
  }

  /** Kept for whoever asks why it was refused. */
  setAside({ packetId }: UsagePacket): void {
    renameSync(join(this.packed, `${packetId}.json`), join(this.refused, `${packetId}.json`));
  }

  private pack(group: readonly UsedPrediction[]): UsagePacket {
    const predictionIds = group.map(({ predictionId }) => predictionId);
    const packetId = deriveId('packet', predictionIds.join());
    const { deploymentId = '', versionId = '' } = group[0] ?? {};
    const predictions = group.map(({ predictionId, inputHash, outputHash, label, predictedAt }) => ({ predictionId, inputHash, outputHash, label, predictedAt }));
    const text = canonicalJson({ packetId, deploymentId, versionId, nodeId: this.options.nodeId, predictions });
    const packet = { packetId, text, signature: signWith(this.options.key, text), predictionIds };
    writeWhole(join(this.packed, `${packetId}.json`), JSON.stringify(packet));
    predictionIds.forEach((predictionId) => { this.forget(predictionId); });
    return packet;
  }

  private forget(predictionId: string): void {
    rmSync(join(this.pending, `${predictionId}.json`), { force: true });
  }
}

/** One deployment a packet. */
function groups(predictions: readonly UsedPrediction[]): readonly (readonly UsedPrediction[])[] {
  const byDeployment = new Map<string, UsedPrediction[]>();
  for (const prediction of predictions) byDeployment.set(prediction.deploymentId, [...(byDeployment.get(prediction.deploymentId) ?? []), prediction]);
  return [...byDeployment.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / mostPredictions) }, (_, index) => all.slice(index * mostPredictions, (index + 1) * mostPredictions)));
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.json')).sort();
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
