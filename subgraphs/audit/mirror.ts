// The court on the chain, event by event, onto the records here: appeals, juries, votes, verdicts and settlements.
import { id as keccakOfText } from 'ethers';
import { command } from '@oort/kernel-decider';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import { deriveId, type Json } from '@oort/kernel-wire';
import type { LedgerEvent } from '@oort/schema/events/ledger';
import type { RecordCommand } from './commands';
import type { RecordHandler } from './records';

type ChainLog = Extract<LedgerEvent, { readonly type: 'ChainLogObserved' }>['data'];

export interface MirrorPorts {
  readonly records: RecordHandler;
  now(): Date;
  readonly appealMs: number;
  cases(): Promise<readonly { readonly caseId: string; readonly nodeId: string }[]>;
}

/** Which argument of a log names its case. */
const caseArgument: Readonly<Record<string, string>> = {
  'StakingPools.Slashed': 'id', 'HonestyCourt.Appealed': 'caseId', 'HonestyCourt.JuryRecorded': 'caseId', 'JuryCourt.JuryDrawn': 'caseId',
  'JuryCourt.VoteRevealed': 'caseId', 'JuryCourt.VerdictAppealed': 'caseId',
};

export function mirrorCourt({ records, now, appealMs, cases }: MirrorPorts): (event: RecordedEvent) => Promise<void> {
  return async (event) => {
    const log = event.data as unknown as ChainLog;
    const argument = caseArgument[`${log.contract}.${log.event}`];
    const of = argument === undefined ? undefined : (await cases()).find(({ caseId }) => keccakOfText(caseId) === log.args[argument]);
    const asked = of === undefined ? null : commandOf(log, of, new Date(now().getTime() + appealMs).toISOString());
    if (of === undefined || asked === null) return;
    // Whatever a case is past already is refused, and nothing is lost by it.
    await records(of.nodeId, command(asked.type, asked.data, { actor: 'chain', now: now(), id: deriveId('command', `mirror/${event.id}`), cause: event }) as RecordCommand);
  };
}

type Asked = { readonly [Type in RecordCommand['type']]: Pick<Extract<RecordCommand, { readonly type: Type }>, 'type' | 'data'> }[RecordCommand['type']];

function commandOf({ event, args, txHash }: ChainLog, { caseId, nodeId }: { readonly caseId: string; readonly nodeId: string }, appealUntil: string): Asked | null {
  const of = { caseId, nodeId };
  const text = (name: string): string => String(args[name]);
  switch (event) {
    case 'Slashed': return { type: 'SettleSlash', data: { ...of, txHash, amountWei: text('amount') } };
    case 'Appealed': return { type: 'AppealCase', data: { ...of, round: 0, by: text('by'), bondWei: text('bond') } };
    case 'VerdictAppealed': return { type: 'AppealCase', data: { ...of, round: Number(args['round']) + 1, by: text('by'), bondWei: text('bond') } };
    case 'JuryDrawn': return { type: 'SeatJury', data: {
      ...of, round: Number(args['round']), seed: text('seed'), jurors: (args['jurors'] as readonly Json[]).map(String),
      commitUntil: dateOf(args['commitUntil']), revealUntil: dateOf(args['revealUntil']),
    } };
    case 'VoteRevealed': return { type: 'CountVote', data: {
      ...of, round: Number(args['round']), juror: text('juror'), toSlash: args['toSlash'] === true, evidenceRoot: text('evidenceRoot'),
    } };
    case 'JuryRecorded': return { type: 'EndCase', data: {
      ...of, toSlash: Number(args['toSlash']), toDismiss: Number(args['toDismiss']), votesHash: text('votesHash'), upheld: args['upheld'] === true, appealUntil,
    } };
    default: return null;
  }
}

function dateOf(seconds: Json | undefined): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
