// What juries do to a case, mirrored from the chain: it alone draws, counts and decides.
import type { Decision } from '@oort/kernel-decider';
import type { RecordCommand } from './commands';
import type { RecordEvent } from './evolve';
import type { RecordRefusal } from './refusals';
import { wholeBasisPoints, type CaseState, type RecordState } from './state';

/** A tenth of the stake: the most that may be taken without a jury (HONESTY: Protocol, 5; WITHOUT_JURY of HonestyCourt). */
export const withoutJuryBasisPoints = 1000;
export type JuryCommand = Extract<RecordCommand, { readonly type: 'AppealCase' | 'SeatJury' | 'CountVote' | 'EndCase' }>;

/** Nothing is confirmed by the platform's clock that a jury decides. */
export function needsJury({ status, basisPoints }: CaseState): boolean {
  return status === 'with-jury' || (status === 'proposed' && basisPoints > withoutJuryBasisPoints);
}

/** Everything that the node has is asked for already, so a second jury could take nothing more. */
export function wholeStakeAccused({ cases }: RecordState, besides: string | null = null): CaseState | undefined {
  return [...cases.values()].find(({ caseId, basisPoints, status }) =>
    caseId !== besides && basisPoints === wholeBasisPoints && status !== 'dismissed' && status !== 'settled');
}

export function decideJury(command: JuryCommand, found: CaseState, state: RecordState): Decision<RecordEvent, RecordRefusal> {
  const { caseId } = found;
  if (found.status === 'dismissed') return { refused: { code: 'CASE_DISMISSED', message: 'A jury dismissed the case.', payload: { caseId } } };
  if (found.status === 'settled') return { refused: { code: 'CASE_SETTLED_ALREADY', message: 'The slash is settled already.', payload: { caseId } } };
  switch (command.type) {
    case 'AppealCase': return { events: [{ type: 'CaseAppealed', data: command.data }] };
    case 'SeatJury': return { events: [{ type: 'JuryDrawn', data: command.data }] };
    case 'CountVote': return { events: [{ type: 'JurorVoted', data: command.data }] };
    case 'EndCase': return end(command, found, state);
  }
}

/** By the rule of HonestyCourt.recordJury. */
function end({ data }: Extract<JuryCommand, { readonly type: 'EndCase' }>, found: CaseState, state: RecordState): Decision<RecordEvent, RecordRefusal> {
  const { appealUntil, ...said } = data;
  const { caseId, nodeId, toSlash, toDismiss, upheld } = said;
  const whole = toSlash > 0 && toSlash * 3 >= (toSlash + toDismiss) * 2;
  const basisPoints = !upheld ? 0 : whole ? found.basisPoints : Math.min(found.basisPoints, withoutJuryBasisPoints);
  const decided: RecordEvent = { type: 'JuryDecided', data: { ...said, basisPoints } };
  const next = basisPoints === wholeBasisPoints ? [] : heldNext(state, said, appealUntil);
  if (!upheld) return { events: [decided, { type: 'NodeCleared', data: { caseId, nodeId } }, ...next] };
  const { operator, evidenceHash } = found;
  return { events: [decided, { type: 'SlashConfirmed', data: { caseId, nodeId, operator, basisPoints, evidenceHash } }, ...next] };
}

interface Ended { readonly caseId: string; readonly nodeId: string }

/** A deed that was held comes up as soon as the case before it left something. */
function heldNext(state: RecordState, { caseId, nodeId }: Ended, appealUntil: string): readonly RecordEvent[] {
  const [deed] = state.held;
  if (deed === undefined || wholeStakeAccused(state, caseId) !== undefined) return [];
  return [{ type: 'SlashProposed', data: { ...deed, nodeId, basisPoints: wholeBasisPoints, appealUntil } }];
}
