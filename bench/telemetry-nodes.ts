// Nodes that report as fast as they can, in a process of their own: what sealing costs is not the platform's.
//   node --require tsx/cjs telemetry-nodes.ts '{"broker":…,"topic":…,"nodes":64,"readings":100}'     until it is killed
import { publicKeyOf } from '@oort/kernel-identity';
import { openKafkaBus, sealEnvelope, type TelemetryBus } from '@oort/kernel-telemetry';
import { sha256Hex } from '@oort/kernel-wire';
import { encodeReading } from '@oort/schema/telemetry/readings';
import type { DeviceKey } from '@oort/kernel-identity';

export interface NodesTask {
  readonly broker: string;
  readonly topic: string;
  readonly nodes: number;
  /** In one envelope. */
  readonly readings: number;
}

/** The same in every process, so that nobody has to be told. */
export function benchNode(index: number): { readonly nodeId: string; readonly key: DeviceKey } {
  const privateKey = sha256Hex(`bench node ${index}`);
  return { nodeId: `node_${index}`, key: { privateKey, publicKey: publicKeyOf(privateKey) } };
}

/** Ends when the signal aborts, or the bus is closed. */
export async function report(bus: TelemetryBus, topic: string, index: number, readings: number, signal: AbortSignal): Promise<void> {
  const { nodeId, key } = benchNode(index);
  let previousHash: string | null = null;
  for (let sequence = 0; !signal.aborted; sequence += 1) {
    const atMs = Date.now();
    const batch = Array.from({ length: readings }, (_, n) => encodeReading('usage', { atMs, subjectId: `job_${sequence}_${n}`, kind: 'inference', units: 1, durationMs: 12 }));
    const { bytes, hash } = sealEnvelope({ nodeId, key, topic, epoch: 1, epochReason: 'first', sequence, previousHash, sealedAtMs: atMs, readings: batch });
    await bus.publish(topic, nodeId, bytes);
    previousHash = hash;
  }
}

async function main(): Promise<void> {
  const { broker, topic, nodes, readings } = JSON.parse(process.argv[2] ?? '') as NodesTask;
  const bus = await openKafkaBus({ brokers: [broker], clientId: 'bench-nodes', makesTopics: false });
  await Promise.all(Array.from({ length: nodes }, (_, index) => report(bus, topic, index, readings, new AbortController().signal)));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
    process.exit(1);
  });
}
