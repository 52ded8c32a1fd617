// The embedded bus of another process (bus-door.ts), as the port has it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusClosed, BusUnreachable, Poison, type TelemetryBus, type TelemetryMessage } from '@oort/kernel-telemetry';
import { codeOf, Fault, messageOf } from '@oort/kernel-wire';
import type { Answer, Next } from './bus-door';

type Handler = (message: TelemetryMessage) => Promise<void>;
type Way = Next['way'];

class BusFailed extends Fault {
  constructor(message: string) { super('BUS_FAILED', message); }
}

const retryMs = 500;
const leaveMs = 2_000;

export function remoteBus({ url, key }: { readonly url: string; readonly key: string }): TelemetryBus {
  const closing = new AbortController();

  async function call(path: string, body: string | Uint8Array, signal: AbortSignal): Promise<Answer> {
    if (closing.signal.aborted) throw new BusClosed();
    const response = await fetch(new URL(path, url), { method: 'POST', body, signal, headers: { authorization: `Bearer ${key}` } })
      .catch((error: unknown) => { throw new BusUnreachable([url], error instanceof Error ? error.cause ?? error : error); });
    const answer = await response.json() as Answer;
    if (answer.kind === 'failed') throw new BusFailed(answer.message);
    return answer;
  }

  /** Until the other side says that it is done. Throws what the handler threw when `way` is not to consume. */
  async function follow(way: Way, topic: string, group: string, handler: Handler, signal: AbortSignal): Promise<number> {
    const session = randomUUID();
    let previous: Next['previous'] = null;
    let thrown: { readonly error: unknown } | null = null;
    while (!signal.aborted) {
      const answer: Answer = await call('/next', JSON.stringify({ session, way, topic, group, previous, leaves: false } satisfies Next), signal)
        .catch((error: unknown) => { throw thrown === null ? error : thrown.error; });
      previous = null;
      if (answer.kind === 'done') return answer.handled;
      if (answer.kind !== 'message') continue;
      try {
        await handler({ topic, key: answer.key, offset: BigInt(answer.offset), value: Buffer.from(answer.value, 'base64') });
        previous = 'handled';
      } catch (error) {
        if (way !== 'consume') thrown = { error };
        previous = { code: codeOf(error) ?? 'HANDLER_FAILED', message: messageOf(error), poison: error instanceof Poison };
      }
    }
    if (previous !== null) await call('/next', JSON.stringify({ session, way, topic, group, previous, leaves: true } satisfies Next), AbortSignal.timeout(leaveMs));
    return 0;
  }

  async function consume(topic: string, group: string, handler: Handler, signal: AbortSignal): Promise<void> {
    if (closing.signal.aborted) throw new BusClosed();
    const both = AbortSignal.any([signal, closing.signal]);
    while (!both.aborted) {
      await follow('consume', topic, group, handler, both).catch(async (error: unknown) => {
        if (both.aborted) return;
        process.stderr.write(`telemetry ${topic}, group ${group} joins again: ${messageOf(error)}\n`);
        await sleep(retryMs, undefined, { signal: both }).catch(() => undefined);
      });
    }
  }

  return {
    async publish(topic, name, value) {
      await call(`/publish?${new URLSearchParams({ topic, key: name }).toString()}`, value, closing.signal);
    },
    consume,
    // One at a time: this bus is for one machine, and Kafka for those with more to say.
    consumeBatches: (topic, group, _most, handler, signal) => consume(topic, group, (message) => handler([message]), signal),
    drain: (topic, group, handler) => follow('drain', topic, group, handler, closing.signal),
    peek: (topic, group, handler) => follow('peek', topic, group, handler, closing.signal),
    close: async () => { closing.abort(); },
  };
}
