// How every bus gives a message to its handler, and what becomes of one that its handler never accepts.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TelemetryMessage } from './port';

type Handler = (message: TelemetryMessage) => Promise<void>;

const attempts = 5;
const retryMs = 200;

/** False after the last attempt failed: the message then goes to the dead-letter topic, so that it stops nobody. */
export async function handOver(message: TelemetryMessage, handler: Handler, signal: AbortSignal): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts && !signal.aborted; attempt += 1) {
    try {
      await handler(message);
      return true;
    } catch (error) {
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      process.stderr.write(`telemetry ${message.topic}, offset ${message.offset}, attempt ${attempt}: ${text}\n`);
      await sleep(retryMs * attempt, undefined, { signal }).catch(() => undefined);
    }
  }
  return false;
}
