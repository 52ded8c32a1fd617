// The rules of OLYMPUS.md section 4 on plain values: tickets, who is elected, what an epoch's work is paid. No store, no clock.
export { electWitnesses } from './elect';
export type { CountedApprove } from './elect';
export { drawTicket, ticketOutput } from './ticket';
export { shareReward, workHash } from './work';
export type { Work, WorkShare } from './work';
export { anchorMciOf, countedEpochOf } from './epochs';
