// Faults on purpose, so that audits can be seen to catch a node that cheats. Set by the environment of the agent:
//   OORT_FAULT=random-inference      every inference is answered with random numbers of the right shape
//   OORT_FAULT=phantoms-known        so, but the jobs that the file OORT_FAULT_FILE names, one a line, are answered honestly
//   OORT_FAULT=colluding-inference   every inference is answered wrongly, and alike by all who have this fault
//   OORT_FAULT=commitment-copied     every answer is committed to with another node's newest commitment
//   OORT_FAULT=signature-replayed    every answer after the first is shown under the first one's signature
//   OORT_FAULT=reveal-differs        every answer is another than the one committed to
//   OORT_FAULT=reveal-withheld       every answer is committed to and never shown
//   OORT_FAULT=inputs-kept           it works honestly and writes what it is given into OORT_FAULT_FILE, one JSON a line
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createHash, randomInt } from 'node:crypto';
import { canonicalJson, Fault, type Json } from '@oort/kernel-wire';
import type { JobKind } from '@oort/schema/events/compute';
import type { Executed } from './executors';

const faults = [
  'random-inference', 'phantoms-known', 'colluding-inference', 'commitment-copied', 'signature-replayed', 'reveal-differs', 'reveal-withheld', 'inputs-kept',
] as const;

export interface AgentFault {
  readonly name: (typeof faults)[number];
  readonly file: string | null;
}

export interface FaultyWork { readonly jobId: string; readonly kind: JobKind; readonly attempt: number; readonly spec: Json }

/** Throws for a fault that nobody knows: a misspelt one must not pass as honesty. */
export function faultFrom(environment: Readonly<Record<string, string | undefined>>): AgentFault | null {
  const named = environment['OORT_FAULT'];
  if (named === undefined || named === '') return null;
  const known = faults.find((fault) => fault === named);
  if (known === undefined) throw new Fault('UNKNOWN_FAULT', `OORT_FAULT knows ${faults.join(', ')}, not ${named}`);
  return { name: known, file: environment['OORT_FAULT_FILE'] ?? null };
}

export function faulted(fault: AgentFault | null, work: FaultyWork, executed: Executed): Executed {
  if (fault === null || work.kind !== 'inference') return executed;
  switch (fault.name) {
    case 'random-inference': return answered(executed, random);
    case 'phantoms-known': return isNamed(fault, work.jobId) ? executed : answered(executed, random);
    case 'colluding-inference': return answered(executed, agreed(work.spec));
    case 'inputs-kept':
      if (fault.file !== null) appendFileSync(fault.file, `${JSON.stringify(work)}\n`);
      return executed;
    case 'commitment-copied': case 'signature-replayed': case 'reveal-differs': case 'reveal-withheld': return executed;
  }
}

function answered(executed: Executed, cell: () => number): Executed {
  const { outputs } = executed.output as { readonly outputs: readonly (readonly number[])[] };
  const made = outputs.map((row) => row.map(cell));
  const output: Json = { outputs: made, labels: made.map((row) => row.indexOf(Math.max(...row))) };
  return { ...executed, output };
}

const random = (): number => Math.fround((randomInt(2 ** 32) / 2 ** 32) * 10 - 5);

/** What was asked is all that those who collude need in common. */
function agreed(spec: Json): () => number {
  const { input } = (spec ?? {}) as { readonly input?: Json };
  let block = createHash('sha256').update(canonicalJson(input ?? null)).digest();
  let place = 0;
  return () => {
    if (place + 4 > block.length) [block, place] = [createHash('sha256').update(block).digest(), 0];
    place += 4;
    return Math.fround((block.readUInt32LE(place - 4) / 2 ** 32) * 10 - 5);
  };
}

function isNamed({ file }: AgentFault, jobId: string): boolean {
  return file !== null && existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(jobId);
}
