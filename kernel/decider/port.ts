// A decider: state folded from one stream, and the pure rule that turns a command into events or a refusal.
// decide is synchronous and reads nothing but its arguments; time, ids and randomness arrive in the command.
import type { Json } from '@oort/kernel-wire';

export interface Command<Type extends string = string, Data = unknown> {
  /** ULID. Event ids derive from it, so sending a command twice writes once. */
  readonly id: string;
  readonly type: Type;
  readonly actor: string;
  /** RFC 3339. */
  readonly issuedAt: string;
  readonly data: Data;
  readonly correlationId?: string;
  readonly causationId?: string;
}

export interface DomainEvent<Type extends string = string, Data = Json> { readonly type: Type; readonly data: Data }

export interface RefusalOf<Code extends string = string, Payload = unknown> {
  readonly code: Code;
  readonly message: string;
  readonly payload: Payload;
}

export type Decision<E, R> = { readonly events: readonly E[] } | { readonly refused: R };

export interface Decider<C extends Command, S, E extends DomainEvent, R extends RefusalOf> {
  /** Stream name prefix: the stream of aggregate X is `${category}-${X}`. */
  readonly category: string;
  readonly initial: S;
  decide(command: C, state: S): Decision<E, R>;
  evolve(state: S, event: E): S;
}

/** What each command may lead to; the type of `decide` and the flow drawings derive from it. */
export type Flow = Readonly<Record<string, { readonly events: readonly string[]; readonly refusals: readonly string[] }>>;

export type Outcome<S, R> =
  | { readonly ok: true; readonly state: S; readonly position: bigint; readonly revision: bigint }
  | { readonly ok: false; readonly refusal: R };
