// Runs commands against streams. A command that was carried out before is answered with what it led to, whatever the
// state has become since; commands on one aggregate queue up here, and what another process wrote meanwhile is read and retried.
import { uuidV5 } from '@oort/kernel-wire';
import { WrongExpectedRevision, type Appended, type EventStore, type EventToAppend } from '@oort/kernel-eventstore';
import { domainEventOf } from './load';
import type { Command, Decider, DomainEvent, Outcome, RefusalOf } from './port';

export interface HandlerOptions<C extends Command, S, E extends DomainEvent, R extends RefusalOf> {
  readonly store: EventStore;
  readonly decider: Decider<C, S, E, R>;
  readonly now: () => Date;
}

interface Folded<S> {
  state: S;
  last: Appended | null;
  /** Where each event id of the stream stands: what a repeated command led to. */
  readonly written: Map<string, Appended>;
}

const foldedStreams = 1000;
const attempts = 32;

export function createHandler<C extends Command, S, E extends DomainEvent, R extends RefusalOf>(
  { store, decider, now }: HandlerOptions<C, S, E, R>,
): (aggregateId: string, command: C) => Promise<Outcome<S, R>> {
  const folds = new Map<string, Folded<S>>();
  const queues = new Map<string, Promise<unknown>>();

  async function carryOut(stream: string, command: C): Promise<Outcome<S, R>> {
    for (let attempt = 1; ; attempt += 1) {
      const folded = await catchUp(stream);
      const before = answerTo(command, folded);
      if (before !== null) return { ok: true, state: folded.state, ...before };
      const decision = decider.decide(command, folded.state);
      if ('refused' in decision) return { ok: false, refusal: decision.refused };
      if (decision.events.length === 0) return { ok: true, state: folded.state, ...(folded.last ?? nothing) };
      try {
        const appended = await store.append(stream, folded.last?.revision ?? 'no-stream', recordsOf(command, decision.events, now()));
        return { ok: true, state: decision.events.reduce((state, event) => decider.evolve(state, event), folded.state), ...appended };
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision) || attempt === attempts) throw error;
      }
    }
  }

  async function catchUp(stream: string): Promise<Folded<S>> {
    const folded = folds.get(stream) ?? { state: decider.initial, last: null, written: new Map<string, Appended>() };
    const from = folded.last === null ? 0n : folded.last.revision + 1n;
    for await (const event of store.read(stream, { from })) {
      folded.state = decider.evolve(folded.state, domainEventOf<E>(event));
      folded.last = { revision: event.revision, position: event.position };
      folded.written.set(event.id, folded.last);
    }
    folds.delete(stream);
    folds.set(stream, folded);
    const [eldest] = folds.keys();
    if (folds.size > foldedStreams && eldest !== undefined) folds.delete(eldest);
    return folded;
  }

  return async (aggregateId, command) => {
    const stream = `${decider.category}-${aggregateId}`;
    const earlier = queues.get(stream) ?? Promise.resolve();
    const mine = earlier.then(() => carryOut(stream, command), () => carryOut(stream, command));
    queues.set(stream, mine);
    try {
      return await mine;
    } finally {
      if (queues.get(stream) === mine) queues.delete(stream);
    }
  };
}

/** Every position is behind it, so a reader that waits for it does not wait. */
const nothing: Appended = { revision: -1n, position: -1n };

function answerTo(command: Command, folded: Folded<unknown>): Appended | null {
  let answer: Appended | null = null;
  for (let index = 0; ; index += 1) {
    const next = folded.written.get(eventIdOf(command, index));
    if (next === undefined) return answer;
    answer = next;
  }
}

function eventIdOf(command: Command, index: number): string {
  return uuidV5(`${command.id}/${index}`);
}

function recordsOf(command: Command, events: readonly DomainEvent[], now: Date): readonly EventToAppend[] {
  return events.map((event, index) => ({
    id: eventIdOf(command, index),
    type: event.type,
    data: event.data,
    metadata: {
      actor: command.actor,
      correlationId: command.correlationId ?? command.id,
      causationId: command.causationId ?? command.id,
      occurredAt: now.toISOString(),
      schemaVersion: 1,
    },
  }));
}
