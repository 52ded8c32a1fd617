import type { Command } from '@oort/kernel-decider';
import type { DatahubEvent } from '@oort/schema/events/datahub';

type Data<Type extends DatahubEvent['type']> = Extract<
  DatahubEvent,
  { readonly type: Type }
>['data'];

export type MissionCommand =
  | Command<'OpenMission', Data<'MissionOpened'>>
  | Command<'RecordFunding', { readonly amountWei: bigint; readonly txHash: string }>
  | Command<'CloseMission', { readonly accountId: string }>
  | Command<
      'AddGoldItems',
      {
        readonly accountId: string;
        readonly items: readonly {
          readonly itemId: string;
          readonly contentId: string;
          readonly answer: string;
        }[];
      }
    >;

/** Asked of one person in one mission. `missionOpen` and the like are what the caller read of the mission. */
export type ParticipantCommand =
  | Command<'GiveConsent', Data<'ConsentGiven'>>
  | Command<
      'AssignTasks',
      {
        readonly missionId: string;
        readonly accountId: string;
        readonly expiresAt: string;
        readonly tasks: readonly { readonly taskId: string; readonly itemId: string }[];
      }
    >
  | Command<
      'SubmitLabels',
      {
        readonly labels: readonly { readonly taskId: string; readonly label: string }[];
        readonly allowed: readonly string[];
      }
    >
  | Command<
      'FlagAnnotator',
      {
        readonly missionId: string;
        readonly accountId: string;
        readonly record: {
          readonly goldRight: number;
          readonly goldAnswered: number;
          readonly estimatedAccuracy: number | null;
          readonly answered: number;
          readonly labelCount: number;
        };
      }
    >;

export interface Preprocessed {
  readonly contentId: string;
  readonly sha256: string;
  readonly perceptualHash: string;
  readonly width: number;
  readonly height: number;
}

export type ContributionCommand =
  | Command<'SubmitContribution', Data<'ContributionSubmitted'>>
  /** `nearest`: of the images that the mission has accepted, how far the most alike is, in bits of 64; null when there is none. */
  | Command<
      'RecordPreprocessing',
      {
        readonly jobId: string;
        readonly nodeId: string;
        readonly output: Preprocessed;
        readonly sameBytesAs: string | null;
        readonly nearest: { readonly contributionId: string; readonly distance: number } | null;
        readonly duplicateDistance: number | null;
      }
    >
  | Command<'RejectContribution', { readonly reason: string }>
  | Command<'WithdrawContribution', { readonly accountId: string }>;

/** One person's work that a version pays for. */
export interface Work {
  readonly accountId: string;
  readonly address: string;
  readonly acceptedItems: number;
  readonly acceptedJudgements: number;
  readonly goldRight: number;
  readonly goldAnswered: number;
}

export type VersionCommand = Command<
  'SealVersion',
  {
    readonly sealed: Data<'DatasetVersionSealed'>;
    readonly resolved: readonly Data<'ItemResolved'>[];
    readonly work: readonly Work[];
    readonly pricePerItemWei: bigint;
    readonly pricePerJudgementWei: bigint;
  }
>;

export type ReviewCommand = Command<
  'RecordReview',
  Data<'ReviewRecorded'> & {
    readonly allowed: readonly string[];
    /** Who may not review: whoever contributed or labelled the item. */ readonly involved: readonly string[];
  }
>;
