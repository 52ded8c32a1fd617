import type { Outcome, RefusalOf } from '@oort/kernel-decider';
import type { RequestContext } from '@oort/schema';
import { refuse } from '../refusals';

export type Actor = RequestContext['actor'];

export interface RefusedAnswer { readonly refused: RefusalOf<string, unknown> }

/** The id of what was made or changed, with the position to wait for; or a refusal. */
export type Answer = { readonly id: string; readonly position: bigint } | RefusedAnswer;

export function answer<S, R extends RefusalOf<string, unknown>>(id: string, outcome: Outcome<S, R>): Answer {
  return outcome.ok ? { id, position: outcome.position } : { refused: outcome.refusal };
}

export const signIn = refuse('NOT_SIGNED_IN', 'Sign in with a wallet first.');
