// A subgraph in another process, over HTTP. What was never sent is sent again; what may have been carried out is not.
import { setTimeout as sleep } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { DeviceKey } from '@oort/kernel-identity';
import { codeOf, messageOf } from '@oort/kernel-wire';
import { passportHeader, sealPassport } from './passport';
import type { Caller, Presented, SourceCall, SubgraphSource } from './port';
import type { Log } from './present';

export interface RemoteSubgraph { readonly name: string; readonly url: string }

const patienceMs = 5_000;
const pauseMs = 100;

export class RemoteSource<Context extends Caller> implements SubgraphSource<Context> {
  /** `waitMs`: for one that is not there yet; a subgraph that is started again is back in a few seconds. */
  constructor(private readonly subgraph: RemoteSubgraph, private readonly key: DeviceKey, private readonly log: Log, private readonly waitMs = patienceMs) {}

  async execute(call: SourceCall<Context>): Promise<Presented> {
    const response = await this.send(call, 'application/json', call.context.gone ?? null);
    return this.answered(response, call);
  }

  async subscribe(call: SourceCall<Context>): Promise<AsyncIterableIterator<Presented>> {
    const stop = new AbortController();
    const response = await this.send(call, 'text/event-stream', stop.signal);
    if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream') || response.body === null) {
      const { errors = [] } = await this.answered(response, call);
      throw new GraphQLError(errors[0]?.message ?? 'The subgraph did not subscribe.', { extensions: { ...errors[0]?.extensions } });
    }
    return eventsOf(response.body, stop, () => this.away(call.context));
  }

  private async answered(response: Response, { context }: SourceCall<Context>): Promise<Presented> {
    if (response.status === 200) return await response.json().catch(() => { throw this.away(context); }) as Presented;
    this.log(`request ${context.requestId}: subgraph ${this.subgraph.name} answered ${response.status}: ${(await response.text()).slice(0, 300)}\n`);
    throw this.away(context);
  }

  private async send({ query, operationName, variables, context }: SourceCall<Context>, accept: string, signal: AbortSignal | null): Promise<Response> {
    const body = JSON.stringify({ query, operationName, variables });
    for (const deadline = Date.now() + this.waitMs; ;) {
      const passport = sealPassport({ context, audience: this.subgraph.name, body, key: this.key, now: new Date() });
      try {
        return await fetch(this.subgraph.url, { method: 'POST', body, signal, headers: { 'content-type': 'application/json', accept, [passportHeader]: passport } });
      } catch (error) {
        if (context.gone?.aborted === true) throw this.away(context);
        const cause = error instanceof Error ? error.cause : null;
        if (codeOf(cause) !== 'ECONNREFUSED' || Date.now() > deadline) {
          this.log(`request ${context.requestId}: subgraph ${this.subgraph.name}: ${messageOf(cause ?? error)}\n`);
          throw this.away(context);
        }
        await sleep(pauseMs);
      }
    }
  }

  private away({ requestId }: Context): GraphQLError {
    return new GraphQLError('The part of the platform that answers this is away: ask again.', { extensions: { code: 'SUBGRAPH_AWAY', requestId } });
  }
}

/** Ends when its consumer leaves, also while it waits for an event. Throws when the stream breaks off. */
function eventsOf(body: ReadableStream<Uint8Array>, stop: AbortController, broken: () => GraphQLError): AsyncIterableIterator<Presented> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let ended = false;
  const end = { done: true, value: undefined } as const;
  return {
    async next() {
      while (!ended) {
        const at = text.indexOf('\n\n');
        if (at < 0) {
          const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
          if (done && ended) return end;
          if (done) throw broken();
          text += decoder.decode(value, { stream: true });
          continue;
        }
        const lines = text.slice(0, at).split('\n');
        text = text.slice(at + 2);
        if (lines.includes('event: complete')) break;
        const data = lines.find((line) => line.startsWith('data: '));
        if (data !== undefined) return { done: false, value: JSON.parse(data.slice('data: '.length)) as Presented };
      }
      ended = true;
      return end;
    },
    return() {
      ended = true;
      stop.abort();
      return Promise.resolve(end);
    },
    [Symbol.asyncIterator]() { return this; },
  };
}
