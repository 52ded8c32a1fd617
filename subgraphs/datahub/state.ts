import type { DatahubEvent } from '@oort/schema/events/datahub';

type Data<Type extends DatahubEvent['type']> = Extract<
  DatahubEvent,
  { readonly type: Type }
>['data'];

export type Mission = Data<'MissionOpened'>;

export type MissionState =
  | { readonly status: 'none' }
  /** Announced until the escrow holds its budget. */
  | {
      readonly status: 'announced' | 'open' | 'closed';
      readonly mission: Mission;
      readonly fundedWei: bigint;
      readonly gold: ReadonlySet<string>;
    };

export interface TaskState {
  readonly missionId: string;
  readonly itemId: string;
  readonly accountId: string;
  readonly expiresAt: string;
  readonly labelled: boolean;
}

export interface ParticipantState {
  readonly consentId: string | null;
  readonly tasks: ReadonlyMap<string, TaskState>;
  /** Every item this person was ever asked about. */
  readonly items: ReadonlySet<string>;
  readonly violations: number;
}

export type ContributionState =
  | { readonly status: 'none' }
  | { readonly status: 'submitted' | 'rejected'; readonly submitted: Data<'ContributionSubmitted'> }
  | {
      readonly status: 'accepted' | 'withdrawn';
      readonly submitted: Data<'ContributionSubmitted'>;
      readonly itemId: string;
    };

export type VersionState = { readonly status: 'open' } | { readonly status: 'sealed' };

export interface ReviewState {
  readonly reviewers: ReadonlySet<string>;
}

export const noMission: MissionState = { status: 'none' };
export const newParticipant: ParticipantState = {
  consentId: null,
  tasks: new Map(),
  items: new Set(),
  violations: 0,
};
export const noContribution: ContributionState = { status: 'none' };
export const openVersion: VersionState = { status: 'open' };
export const noReview: ReviewState = { reviewers: new Set() };

/** What the escrow must hold: every item of the quota accepted, and as many judgements as the plan could ask for. Tasks beyond it are not handed out. */
export function budgetWei(
  mission: Pick<Mission, 'quota' | 'pricePerItemWei' | 'pricePerJudgementWei' | 'quality'>,
): bigint {
  return (
    BigInt(mission.quota) * BigInt(mission.pricePerItemWei) +
    BigInt(judgementLimit(mission)) * BigInt(mission.pricePerJudgementWei)
  );
}

export function judgementLimit(mission: Pick<Mission, 'quota' | 'quality'>): number {
  return mission.quota * mission.quality.maximumOverlap;
}

export const participantId = (missionId: string, accountId: string): string =>
  `${missionId}.${accountId}`;
