// The one hand that writes nodes' records: verdicts, convictions, timers and the chain's mirror all speak of the same streams at the same
// time, and through one handler they queue up for each instead of overtaking each other.
import { createHandler, type Outcome } from '@oort/kernel-decider';
import type { EventStore } from '@oort/kernel-eventstore';
import type { RecordCommand } from './commands';
import { recordDecider } from './decide';
import type { RecordRefusal } from './refusals';
import type { RecordState } from './state';

export type RecordHandler = (nodeId: string, command: RecordCommand) => Promise<Outcome<RecordState, RecordRefusal>>;

/** To be made once in a process. */
export function createRecords({ store, now }: { readonly store: EventStore; now(): Date }): RecordHandler {
  return createHandler({ store, decider: recordDecider, now: () => now() });
}
