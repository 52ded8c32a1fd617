import { newUlid } from '@oort/kernel-wire';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Command } from './port';

export interface CommandOptions {
  readonly actor: string;
  readonly now: Date;
  /** Default: a new ULID. A reaction derives it from the event's id (deriveId), so running again is the same command. */
  readonly id?: string;
  /** The event that led to this command: its correlation goes on, its id becomes the causation. */
  readonly cause?: RecordedEvent;
}

export function command<const Type extends string, Data>(type: Type, data: Data, { actor, now, id, cause }: CommandOptions): Command<Type, Data> {
  const own = { id: id ?? newUlid(now), type, actor, issuedAt: now.toISOString(), data };
  return cause === undefined ? own : { ...own, correlationId: cause.metadata.correlationId, causationId: cause.id };
}
