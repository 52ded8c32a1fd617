// Mutations answer a union with Refusal; whoever cannot go on after one uses `ask`.
import { Fault } from '@oort/kernel-wire';
import type { LoopContext, Session } from './step';

class StepRefused extends Fault {}

interface Refused {
  readonly code?: string;
  readonly message?: string;
}

/** The document names its field `answer` and its variable `input`. */
export async function refusable<T>(
  context: LoopContext,
  document: string,
  input: unknown,
  session?: Session,
): Promise<T> {
  return (await context.graphql<{ readonly answer: T }>(document, { input }, session)).answer;
}

/** What is refused here ends the step: its code says why. */
export async function ask<T>(
  context: LoopContext,
  document: string,
  input: unknown,
  session?: Session,
): Promise<T> {
  const answer = await refusable<T & Refused>(context, document, input, session);
  if (answer.code !== undefined) throw new StepRefused(answer.code, answer.message ?? 'refused');
  return answer;
}
