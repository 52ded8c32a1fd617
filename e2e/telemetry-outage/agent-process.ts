// An agent's telemetry in a process of its own: counts up, says each number once it is on its disk, and is killed by the story.
//   node --require tsx/cjs agent-process.ts '{"directory":…,"nodeId":…,"key":…,"ingest":…,"from":0,"everyMs":50}'
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeviceKey } from '@oort/kernel-identity';
import { platformClient } from '@oort/node-agents-agent';
import { telemetrySender } from '@oort/node-agents-agent/telemetry/sender';
import { telemetryTransport } from '@oort/node-agents-agent/telemetry/transport';

export interface AgentTask {
  readonly directory: string;
  readonly nodeId: string;
  readonly key: DeviceKey;
  /** Where the door is; not used by an agent that the environment gives brokers. */
  readonly ingest: string;
  /** The first number to report. */
  readonly from: number;
  /** 0: reports nothing new, and sends what is left. */
  readonly everyMs: number;
}

async function main(): Promise<void> {
  const { directory, nodeId, key, ingest, from, everyMs } = JSON.parse(process.argv[2] ?? '') as AgentTask;
  const client = platformClient({ platform: ingest, ingest, directory, key, nodeId });
  const transport = telemetryTransport({ nodeId, key, directory, client, environment: process.env });
  const sender = telemetrySender({ directory: `${directory}/telemetry`, nodeId, key, isNewNode: from === 0, transport, log: (text) => { process.stderr.write(`${nodeId}: ${text}\n`); } });
  const stop = new AbortController();
  const running = sender.run(stop.signal);
  process.once('SIGTERM', () => { stop.abort(); });
  for (let n = from; everyMs > 0 && !stop.signal.aborted; n += 1) {
    const atMs = sender.nowMs();
    await Promise.all([
      sender.record('metrics', { atMs, jobId: `job-of-${nodeId}`, attempt: 1, name: 'count', step: n, value: n }),
      sender.record('usage', { atMs, subjectId: String(n), kind: 'inference', units: 1, durationMs: 1 }),
      sender.record('heartbeats', { atMs, endpoint: '' }),
    ]);
    process.stdout.write(`${n}\n`);
    await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  await running;
  await sender.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exit(1);
});
