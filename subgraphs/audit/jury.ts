// What juries do to a case, mirrored from the chain: it alone draws, counts and decides.
import type { Decision } from '@oort/kernel-decider';
import type { RecordCommand } from './commands';
import type { RecordEvent } from './evolve';
import type { RecordRefusal } from './refusals';
import type { CaseState } from './state';

/** A tenth of the stake: the most that may be taken without a jury (HONESTY: Protocol, 5; WITHOUT_JURY of HonestyCourt). */
export const withoutJuryBasisPoints = 1000;
/** What proved fraud costs where a jury agrees. */
export const wholeBasisPoints = 10_000;

export type JuryCommand = Extract<RecordCommand, { readonly type: 'AppealCase' | 'SeatJury' | 'CountVote' | 'EndCase' }>;

/** Nothing is confirmed by the platform's clock that a jury decides. */
export function needsJury({ status, basisPoints }: CaseState): boolean {
  return status === 'with-jury' || (status === 'proposed' && basisPoints > withoutJuryBasisPoints);
}

export function decideJury(command: JuryCommand, found: CaseState): Decision<RecordEvent, RecordRefusal> {
  const { caseId } = found;
  if (found.status === 'dismissed') return { refused: { code: 'CASE_DISMISSED', message: 'A jury dismissed the case.', payload: { caseId } } };
  if (found.status === 'settled') return { refused: { code: 'CASE_SETTLED_ALREADY', message: 'The slash is settled already.', payload: { caseId } } };
  switch (command.type) {
    case 'AppealCase': return { events: [{ type: 'CaseAppealed', data: command.data }] };
    case 'SeatJury': return { events: [{ type: 'JuryDrawn', data: command.data }] };
    case 'CountVote': return { events: [{ type: 'JurorVoted', data: command.data }] };
    case 'EndCase': return end(command, found);
  }
}

/** By the rule of HonestyCourt.recordJury. */
function end({ data }: Extract<JuryCommand, { readonly type: 'EndCase' }>, found: CaseState): Decision<RecordEvent, RecordRefusal> {
  const { caseId, nodeId, toSlash, toDismiss, upheld } = data;
  const whole = toSlash > 0 && toSlash * 3 >= (toSlash + toDismiss) * 2;
  const basisPoints = !upheld ? 0 : whole ? found.basisPoints : Math.min(found.basisPoints, withoutJuryBasisPoints);
  const decided: RecordEvent = { type: 'JuryDecided', data: { ...data, basisPoints } };
  if (!upheld) return { events: [decided] };
  const { operator, evidenceHash } = found;
  return { events: [decided, { type: 'SlashConfirmed', data: { caseId, nodeId, operator, basisPoints, evidenceHash } }] };
}
