import { refusal, type RefusalOf } from '@oort/kernel-decider';

export type MissionRefusal =
  | RefusalOf<'MISSION_OPENED_ALREADY', null>
  | RefusalOf<'MISSION_INVALID', { readonly field: string }>
  | RefusalOf<'MISSION_UNKNOWN', null>
  | RefusalOf<'NOT_THE_OWNER', null>
  | RefusalOf<'LABEL_UNKNOWN', { readonly label: string; readonly labels: readonly string[] }>;

export type LabelRefusal =
  | RefusalOf<'TASK_UNKNOWN', { readonly taskId: string }>
  | RefusalOf<'TASK_EXPIRED', { readonly taskId: string; readonly expiredAt: string }>
  | RefusalOf<'LABELLED_ALREADY', { readonly taskId: string }>
  | RefusalOf<'LABEL_UNKNOWN', { readonly label: string; readonly labels: readonly string[] }>;

export type ParticipantRefusal =
  | RefusalOf<'NO_CONSENT', null>
  | RefusalOf<'ANNOTATOR_EXCLUDED', null>
  | RefusalOf<'TASK_REPEATED', { readonly itemId: string }>
  | RefusalOf<'NO_LABEL_ACCEPTED', { readonly refusals: readonly (LabelRefusal | null)[] }>
  | RefusalOf<'NOT_SPAM', null>;

export type ContributionRefusal =
  | RefusalOf<'DUPLICATE', { readonly contributionId: string }>
  | RefusalOf<'CONTRIBUTION_UNKNOWN', null>
  | RefusalOf<'NOT_THE_OWNER', null>
  | RefusalOf<'NOT_ACCEPTED', { readonly status: string }>;

export type VersionRefusal =
  | RefusalOf<'VERSION_SEALED_ALREADY', { readonly versionId: string }>
  | RefusalOf<'NOTHING_TO_SEAL', null>;

export type ReviewRefusal =
  | RefusalOf<'RATING_INVALID', { readonly rating: number }>
  | RefusalOf<'LABEL_UNKNOWN', { readonly label: string; readonly labels: readonly string[] }>
  | RefusalOf<'OWN_WORK', null>
  | RefusalOf<'REVIEWED_ALREADY', null>;

/** What the door refuses before any command is made. */
export type DoorRefusal =
  | RefusalOf<'NOT_SIGNED_IN', null>
  | RefusalOf<'MISSION_UNKNOWN', null>
  | RefusalOf<'MISSION_NOT_OPEN', { readonly status: string; readonly missingWei: string }>
  | RefusalOf<'NO_CONSENT', null>
  | RefusalOf<'SIGNATURE_INVALID', null>
  | RefusalOf<'TOO_MANY_AT_ONCE', { readonly limit: number }>
  | RefusalOf<'ITEM_UNKNOWN', null>
  | RefusalOf<'NOT_THE_OWNER', null>
  | RefusalOf<'CONTRIBUTION_UNKNOWN', { readonly contributionId: string }>;

/** Why one image of many was not taken. */
export type ItemRefusal =
  | RefusalOf<'NOT_BASE64', null>
  | RefusalOf<'TOO_LARGE', { readonly sizeBytes: number; readonly limitBytes: number }>
  | RefusalOf<
      'WRONG_TYPE',
      {
        readonly declared: string;
        readonly found: string | null;
        readonly allowed: readonly string[];
      }
    >
  | RefusalOf<'UNREADABLE_IMAGE', { readonly reason: string }>
  | RefusalOf<'DUPLICATE', { readonly contributionId: string }>
  | RefusalOf<'QUOTA_REACHED', { readonly quota: number }>;

export const notSignedIn = refusal('NOT_SIGNED_IN', 'Sign in first.', null);
export const missionUnknown = refusal('MISSION_UNKNOWN', 'There is no such mission.', null);
