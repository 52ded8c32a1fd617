// The agent's telemetry: every reading is on disk before anything else happens to it, and stays there until the platform has it,
// over restarts and however long the platform is away. When there is no room for more, the least valuable are given up, and said.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogFailed } from '@oort/kernel-telemetry';
import type { DeviceKey } from '@oort/kernel-identity';
import { messageOf } from '@oort/kernel-wire';
import { encodeReading } from '@oort/schema/telemetry/readings';
import { topicNames, topics, type Readings, type Topic } from '@oort/schema/telemetry/topics';
import { NetworkOff } from '../network-switch';
import { TelemetryRefused } from './refused';
import { hasPlace, TopicBuffer, type Sealed } from './topic-buffer';
import type { TelemetryTransport } from './transport';

export interface TelemetrySender {
  /** Resolves once it is on the node's disk. Throws LogFailed when the disk takes nothing more. */
  record<T extends Topic>(topic: T, reading: Readings[T]): Promise<void>;
  /** The platform's clock, as far as it told. */
  nowMs(): number;
  /** Sends what waits, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface TelemetrySenderOptions {
  /** Of the buffer. */
  readonly directory: string;
  readonly nodeId: string;
  readonly key: DeviceKey;
  /** Whether the node was enrolled just now. */
  readonly isNewNode: boolean;
  readonly transport: TelemetryTransport;
  /** Of all topics together; 64 MiB unless told. Usage may go over it. */
  readonly bufferBytes?: number;
  /** How long a reading waits for others; 200 unless told. */
  readonly lingerMs?: number;
  readonly firstRetryMs?: number;
  readonly longestRetryMs?: number;
  /** The node's own clock. */
  clockMs?(): number;
  log(text: string): void;
}

const defaultBufferBytes = 64 * 1024 * 1024;
/** Signed requests are refused after five minutes; a chain's times should be better than that. */
const clockToleranceMs = 5_000;

export function telemetrySender(options: TelemetrySenderOptions): TelemetrySender {
  const { directory, nodeId, key, transport, bufferBytes = defaultBufferBytes, lingerMs = 200, firstRetryMs = 500, longestRetryMs = 10_000, log } = options;
  const clockMs = options.clockMs ?? ((): number => Date.now());
  let offsetMs = 0;
  const nowMs = (): number => clockMs() + offsetMs;
  // A topic that is new to this version is no lost one.
  const isLost = !options.isNewNode && !topicNames.some((topic) => hasPlace(directory, topic));
  const buffers = topicNames.map((topic) => new TopicBuffer({ topic, directory, nodeId, key, isNew: !isLost, nowMs, log }));
  let wake: () => void = () => undefined;
  let lastSaid = '';

  function say(text: string): void {
    if (text !== lastSaid) log(text);
    lastSaid = text;
  }

  async function makeRoom(): Promise<boolean> {
    for (const buffer of buffers) {
      if (topics[buffer.topic].whenFull === 'keep' || buffer.bytes === 0) continue;
      const lost = await buffer.giveUpOldest();
      if (lost > 0) say(`telemetry: the buffer is full; the oldest ${buffer.topic} are given up`);
      return true;
    }
    return false;
  }

  async function append(buffer: TopicBuffer, reading: Buffer): Promise<void> {
    try {
      await buffer.append(reading);
    } catch (error) {
      if (!(error instanceof LogFailed) || !await makeRoom()) throw error;
      await buffer.append(reading);
    }
  }

  async function sendSome(): Promise<boolean> {
    const sealed: Sealed[] = [];
    for (const buffer of buffers.toReversed()) {
      const envelope = await buffer.seal();
      if (envelope !== null) sealed.push(envelope);
    }
    if (sealed.length === 0) return false;
    const askedAtMs = clockMs();
    try {
      adjust((await transport.send(sealed)).platformNowMs, askedAtMs);
      for (const { topic } of sealed) settle(topic);
    } catch (error) {
      if (!(error instanceof TelemetryRefused)) throw error;
      for (const envelope of sealed) await sendAlone(envelope);
    }
    return true;
  }

  /** After one of several was refused. What is refused alone is kept for whoever asks why. */
  async function sendAlone(envelope: Sealed): Promise<void> {
    const { topic, epoch, sequence, bytes } = envelope;
    try {
      await transport.send([envelope]);
    } catch (error) {
      if (!(error instanceof TelemetryRefused)) throw error;
      mkdirSync(join(directory, 'refused'), { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, 'refused', `${topic}-${epoch}-${sequence}.envelope`), bytes, { mode: 0o600, flush: true });
      log(`telemetry ${topic}, envelope ${sequence}: refused and set aside: ${error.message}`);
    }
    settle(topic);
  }

  function settle(topic: Topic): void {
    buffers.find((buffer) => buffer.topic === topic)?.settle();
  }

  function adjust(platformNowMs: number | null, askedAtMs: number): void {
    if (platformNowMs === null) return;
    const newOffsetMs = Math.round(platformNowMs - (askedAtMs + clockMs()) / 2);
    if (Math.abs(newOffsetMs - offsetMs) < clockToleranceMs) return;
    offsetMs = Math.abs(newOffsetMs) < clockToleranceMs ? 0 : newOffsetMs;
    log(`telemetry: this machine's clock is ${Math.round(-newOffsetMs / 1000)} s off the platform's; readings get the platform's time`);
  }

  return {
    nowMs,
    async record(topic, reading) {
      const buffer = buffers.find((one) => one.topic === topic);
      if (buffer === undefined) return;
      const bytes = encodeReading(topic, reading);
      while (bytes.length + buffers.reduce((sum, one) => sum + one.bytes, 0) > bufferBytes && await makeRoom());
      await append(buffer, bytes);
      wake();
    },
    async run(signal) {
      signal.addEventListener('abort', () => { wake(); }, { once: true });
      let failures = 0;
      while (!signal.aborted) {
        try {
          while (await sendSome()) {
            if (failures > 0) say('telemetry: sent again');
            failures = 0;
            if (signal.aborted) return;
          }
          if (!buffers.some(({ waiting }) => waiting > 0)) await new Promise<void>((resolve) => { wake = resolve; });
          await sleep(lingerMs, undefined, { signal }).catch(() => undefined);
        } catch (error) {
          failures += 1;
          if (!(error instanceof NetworkOff)) say(`telemetry waits: ${messageOf(error)}`);
          // Half of it by chance, so that nodes that lost the platform together do not come back together.
          const longestMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1));
          await sleep(longestMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
        }
      }
    },
    async close() {
      for (const buffer of buffers) await buffer.close();
      await transport.close();
    },
  };
}
