import type { Reveals, Visibilities } from './visibility';

export type QualityPlan = {
  readonly overlap: number; readonly maximumOverlap: number; readonly posterior: number; readonly goldShare: number;
  /** Perceptual hashes within so many of 64 bits make a duplicate; null: only equal bytes do. */ readonly duplicateDistance: number | null;
};

export type DatahubEvent =
  | { readonly type: 'MissionOpened'; readonly data: {
      readonly missionId: string; readonly datasetId: string; readonly accountId: string; readonly title: string; readonly modality: 'image' | 'audio' | 'text';
      readonly labels: readonly string[]; readonly quota: number; readonly pricePerItemWei: string; readonly pricePerJudgementWei: string;
      readonly licence: string; readonly consentVersion: string; readonly consentTextHash: string; readonly quality: QualityPlan;
    } }
  | { readonly type: 'MissionFunded'; readonly data: { readonly missionId: string; readonly amountWei: string; readonly txHash: string } }
  | { readonly type: 'MissionClosed'; readonly data: { readonly missionId: string } }
  | { readonly type: 'ConsentGiven'; readonly data: { readonly consentId: string; readonly missionId: string; readonly accountId: string; readonly consentVersion: string; readonly consentTextHash: string; readonly signature: string } }
  | { readonly type: 'ContributionSubmitted'; readonly data: { readonly contributionId: string; readonly missionId: string; readonly accountId: string; readonly consentId: string; readonly contentId: string; readonly sha256: string; readonly sizeBytes: number; readonly mediaType: string } }
  | { readonly type: 'ContributionPreprocessed'; readonly data: { readonly contributionId: string; readonly missionId: string; readonly jobId: string; readonly nodeId: string; readonly contentId: string; readonly sha256: string; readonly perceptualHash: string; readonly width: number; readonly height: number } }
  | { readonly type: 'ContributionAccepted'; readonly data: { readonly contributionId: string; readonly missionId: string; readonly itemId: string; readonly accountId: string; readonly contentId: string; readonly sha256: string; readonly scores: { readonly authenticity: number; readonly ownership: number; readonly quality: number; readonly uniqueness: number } } }
  | { readonly type: 'ContributionRejected'; readonly data: { readonly contributionId: string; readonly missionId: string; readonly reason: string } }
  | { readonly type: 'ContributionWithdrawn'; readonly data: { readonly contributionId: string; readonly missionId: string; readonly itemId: string } }
  | { readonly type: 'GoldItemAdded'; readonly data: { readonly missionId: string; readonly itemId: string; readonly contentId: string; readonly answer: string } }
  | { readonly type: 'TaskAssigned'; readonly data: { readonly missionId: string; readonly taskId: string; readonly itemId: string; readonly accountId: string; readonly expiresAt: string } }
  | { readonly type: 'LabelSubmitted'; readonly data: { readonly missionId: string; readonly taskId: string; readonly itemId: string; readonly accountId: string; readonly label: string } }
  /** The labels of an item are revealed once, here. */
  | { readonly type: 'ItemResolved'; readonly data: { readonly missionId: string; readonly itemId: string; readonly contributionId: string; readonly label: string; readonly posterior: number; readonly labels: readonly { readonly accountId: string; readonly label: string }[] } }
  | { readonly type: 'ReviewRecorded'; readonly data: { readonly missionId: string; readonly itemId: string; readonly accountId: string; readonly rating: number; readonly label: string | null } }
  | { readonly type: 'AnnotatorFlagged'; readonly data: { readonly missionId: string; readonly accountId: string; readonly reason: string; readonly goldAccuracy: number; readonly violations: number } }
  | { readonly type: 'EarningsAccrued'; readonly data: { readonly earningId: string; readonly missionId: string; readonly accountId: string; readonly address: string; readonly kind: 'contribution' | 'label' | 'review'; readonly count: number; readonly amountWei: string } }
  | { readonly type: 'DatasetVersionSealed'; readonly data: {
      readonly versionId: string; readonly datasetId: string; readonly missionId: string; readonly accountId: string; readonly author: string; readonly parentVersionId: string | null;
      /** Merkle root over the manifest's items, hex. */ readonly root: string; readonly manifestContentId: string; readonly itemCount: number;
      readonly itemIds: readonly string[]; readonly contributionIds: readonly string[]; readonly agreementBefore: number; readonly agreementAfter: number; readonly licence: string;
    } };

export const datahubVisibility = {
  MissionOpened: 'public', MissionFunded: 'public', MissionClosed: 'public', ConsentGiven: 'public', ContributionSubmitted: 'public',
  ContributionPreprocessed: 'public', ContributionAccepted: 'public', ContributionRejected: 'public', ContributionWithdrawn: 'public',
  GoldItemAdded: 'sealed', TaskAssigned: 'tenant', LabelSubmitted: 'sealed', ItemResolved: 'public', ReviewRecorded: 'public',
  AnnotatorFlagged: 'public', EarningsAccrued: 'public', DatasetVersionSealed: 'public',
} as const satisfies Visibilities<DatahubEvent>;

export const datahubReveals = {
  LabelSubmitted: { event: 'ItemResolved', matching: 'itemId' },
  GoldItemAdded: { event: 'MissionClosed', matching: 'missionId' },
} as const satisfies Reveals<DatahubEvent>;
