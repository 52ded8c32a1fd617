// What every part of this domain works with, made once in subgraph.ts.
import { refusal, type Outcome, type RefusalOf } from '@oort/kernel-decider';
import type { RequestContext, SubgraphPorts } from '@oort/schema';
import { statusOf, type Bench, type MissionBench } from './bench';
import type {
  ContributionCommand,
  MissionCommand,
  ParticipantCommand,
  ReviewCommand,
  VersionCommand,
} from './commands';
import { missionUnknown, type ContributionRefusal, type DoorRefusal, type MissionRefusal, type ParticipantRefusal, type ReviewRefusal, type VersionRefusal } from './refusals';
import {
  budgetWei,
  type ContributionState,
  type MissionState,
  type ParticipantState,
  type ReviewState,
  type VersionState,
} from './state';

type Handle<C, S, R> = (aggregateId: string, command: C) => Promise<Outcome<S, R>>;

export interface DatahubRoom {
  readonly ports: Pick<SubgraphPorts, 'readModels' | 'content' | 'ledger' | 'now'>;
  readonly bench: Bench;
  readonly mission: Handle<MissionCommand, MissionState, MissionRefusal>;
  readonly participant: Handle<ParticipantCommand, ParticipantState, ParticipantRefusal>;
  readonly participantState: (participantId: string) => Promise<ParticipantState>;
  readonly contribution: Handle<ContributionCommand, ContributionState, ContributionRefusal>;
  readonly version: Handle<VersionCommand, VersionState, VersionRefusal>;
  readonly review: Handle<ReviewCommand, ReviewState, ReviewRefusal>;
  /** One after another for one key: what is chosen from the bench must be in it before the next choice. */
  readonly serially: <T>(key: string, work: () => Promise<T>) => Promise<T>;
}

export type Signed = Extract<RequestContext['actor'], { readonly kind: 'account' }>;
export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: RefusalOf };

export const answered = <T>(value: T): Answer<T> => ({ ok: true, value });
export const refused = (value: RefusalOf): { readonly ok: false; readonly refusal: RefusalOf } => ({
  ok: false,
  refusal: value,
});

export function serialiser(): DatahubRoom['serially'] {
  const tails = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const mine = (tails.get(key) ?? Promise.resolve()).then(work, work);
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
}

/** The mission if work on it may go on, or why not. */
export function missionInWork(bench: Bench, missionId: string): MissionBench | DoorRefusal {
  const found = bench.missions.get(missionId);
  if (found === undefined) return missionUnknown;
  const status = statusOf(found);
  if (status === 'open') return found;
  const missingWei =
    status === 'closed' ? '0' : (budgetWei(found.mission) - found.fundedWei).toString();
  return refusal(
    'MISSION_NOT_OPEN',
    status === 'closed' ? 'The mission is closed.' : "The mission's escrow is not funded yet.",
    { status, missingWei },
  );
}

export const isRefusal = (value: object): value is RefusalOf => 'code' in value;
