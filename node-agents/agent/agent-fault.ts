// Faults on purpose, so that audits can be seen to catch a node that cheats. Set by the environment of the agent:
//   OORT_FAULT=random-inference   every inference is answered with random numbers of the right shape
//   OORT_FAULT=reveal-differs     every answer is another than the one committed to
//   OORT_FAULT=reveal-withheld    every answer is committed to and never shown
import { randomInt } from 'node:crypto';
import { Fault, type Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import type { Executed } from './executors';

const faults = ['random-inference', 'reveal-differs', 'reveal-withheld'] as const;
export type AgentFault = (typeof faults)[number];

/** Throws for a fault that nobody knows: a misspelt one must not pass as honesty. */
export function faultFrom(environment: Readonly<Record<string, string | undefined>>): AgentFault | null {
  const named = environment['OORT_FAULT'];
  if (named === undefined || named === '') return null;
  const known = faults.find((fault) => fault === named);
  if (known === undefined) throw new Fault('UNKNOWN_FAULT', `OORT_FAULT knows ${faults.join(', ')}, not ${named}`);
  return known;
}

export function faulted(fault: AgentFault | null, kind: JobKind, executed: Executed): Executed {
  if (fault !== 'random-inference' || kind !== 'inference') return executed;
  const { outputs } = executed.output as { readonly outputs: readonly (readonly number[])[] };
  const random = outputs.map((row) => row.map(() => Math.fround((randomInt(2 ** 32) / 2 ** 32) * 10 - 5)));
  const output: Json = { outputs: random, labels: random.map((row) => row.indexOf(Math.max(...row))) };
  return { ...executed, output };
}
