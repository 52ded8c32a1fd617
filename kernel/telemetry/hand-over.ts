// How every bus gives a message to its handler, and what becomes of one that its handler never accepts.
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Fault, messageOf } from '@oort/kernel-wire';
import type { TelemetryMessage } from './port';

type Handler = (message: TelemetryMessage) => Promise<void>;

/** What a handler throws for a message that no second try makes better. */
export class Poison extends Fault {}

/** What a handler throws while what it stands on is away: the message is not at fault, so it waits, and those behind it. */
export class NotNow extends Fault {}

export interface Unhandled { readonly code: string; readonly reason: string; readonly attempts: number }

const mostAttempts = 5;
const retryMs = 200;
const waitMs = 1000;

/** What is not handled after the last attempt goes to the dead-letter topic, so that it stops nobody. */
export async function handOver(message: TelemetryMessage, handler: Handler, signal: AbortSignal): Promise<'handled' | Unhandled> {
  let unhandled: Unhandled = { code: 'STOPPED', reason: 'its consumer was stopped', attempts: 0 };
  let waited = 0;
  for (let attempt = 1; attempt <= mostAttempts && !signal.aborted; attempt += 1) {
    try {
      await handler(message);
      return 'handled';
    } catch (error) {
      if (error instanceof NotNow) {
        if (waited === 0) process.stderr.write(`telemetry ${message.topic} waits at offset ${message.offset}: ${error.message}\n`);
        waited += 1;
        attempt -= 1;
        await sleep(waitMs, undefined, { signal }).catch(() => undefined);
        continue;
      }
      unhandled = { code: codeOf(error) ?? 'HANDLER_FAILED', reason: messageOf(error), attempts: attempt };
      const poison = error instanceof Poison;
      const text = poison || !(error instanceof Error) ? messageOf(error) : error.stack ?? error.message;
      process.stderr.write(`telemetry ${message.topic}, offset ${message.offset}, attempt ${attempt}: ${text}\n`);
      if (poison) return unhandled;
      await sleep(retryMs * attempt, undefined, { signal }).catch(() => undefined);
    }
  }
  return unhandled;
}

export type BatchHandler = (messages: readonly TelemetryMessage[]) => Promise<void>;

/** Answers how many of the first are done with: all, unless it was stopped. What no try makes better is buried. */
export async function handOverAll(
  messages: readonly TelemetryMessage[], handler: BatchHandler, signal: AbortSignal, bury: (message: TelemetryMessage, why: Unhandled) => Promise<void>,
): Promise<number> {
  if (messages.length > 1 && await succeeds(() => handler(messages))) return messages.length;
  for (const [index, message] of messages.entries()) {
    if (signal.aborted) return index;
    const outcome = await handOver(message, (one) => handler([one]), signal);
    if (outcome !== 'handled' && signal.aborted) return index;
    if (outcome !== 'handled') await bury(message, outcome);
  }
  return messages.length;
}

async function succeeds(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    // Which one it was shows when each is handed over alone.
    return false;
  }
}

export function slices<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, index) => all.slice(index * most, (index + 1) * most));
}
