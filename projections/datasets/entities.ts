import { EntitySchema } from 'typeorm';

/** Amounts and positions are bigints as text (numeric columns). Labels of people and gold answers have no place here. */
export interface MissionRow {
  id: string;
  datasetId: string;
  accountId: string;
  title: string;
  modality: string;
  labels: readonly string[];
  quota: number;
  pricePerItemWei: string;
  pricePerJudgementWei: string;
  licence: string;
  consentVersion: string;
  quality: {
    readonly overlap: number;
    readonly maximumOverlap: number;
    readonly posterior: number;
    readonly goldShare: number;
    readonly duplicateDistance: number | null;
  };
  fundedWei: string;
  closed: boolean;
  position: string;
}

export interface ContributionRow {
  id: string;
  missionId: string;
  accountId: string;
  status: 'SUBMITTED' | 'PREPROCESSED' | 'ACCEPTED' | 'REJECTED' | 'WITHDRAWN';
  sha256: string;
  contentId: string;
  itemId: string | null;
  preprocessedOn: string | null;
  perceptualHash: string | null;
  width: number | null;
  height: number | null;
  scores: {
    readonly authenticity: number;
    readonly ownership: number;
    readonly quality: number;
    readonly uniqueness: number;
  } | null;
  rejectedBecause: string | null;
  position: string;
}

export interface VersionRow {
  id: string;
  datasetId: string;
  missionId: string;
  accountId: string;
  author: string;
  parentVersionId: string | null;
  root: string;
  manifestContentId: string;
  itemCount: number;
  itemIds: readonly string[];
  agreementBefore: number;
  agreementAfter: number;
  licence: string;
  sealedAt: string;
  txHash: string | null;
  blockNumber: number | null;
  position: string;
}

export interface AnnotatorRow {
  id: string;
  missionId: string;
  accountId: string;
  flagged: boolean;
  reason: string | null;
  goldAccuracy: number | null;
}
export interface EarningRow {
  id: string;
  missionId: string;
  accountId: string;
  address: string;
  kind: string;
  count: number;
  amountWei: string;
  position: string;
}

const schema = 'datasets';
const text = { type: 'text' } as const;
const nullableText = { type: 'text', nullable: true } as const;
const key = { type: 'text', primary: true } as const;
const whole = { type: 'numeric', precision: 78, scale: 0 } as const;
const count = { type: 'integer' } as const;
const real = { type: 'double precision' } as const;
const json = { type: 'jsonb' } as const;

export const MissionEntity = new EntitySchema<MissionRow>({
  name: 'DatasetsMission',
  tableName: 'mission',
  schema,
  columns: {
    id: key,
    datasetId: text,
    accountId: text,
    title: text,
    modality: text,
    labels: json,
    quota: count,
    pricePerItemWei: whole,
    pricePerJudgementWei: whole,
    licence: text,
    consentVersion: text,
    quality: json,
    fundedWei: whole,
    closed: { type: 'boolean' },
    position: whole,
  },
});

export const ContributionEntity = new EntitySchema<ContributionRow>({
  name: 'DatasetsContribution',
  tableName: 'contribution',
  schema,
  columns: {
    id: key,
    missionId: text,
    accountId: text,
    status: text,
    sha256: text,
    contentId: text,
    itemId: nullableText,
    preprocessedOn: nullableText,
    perceptualHash: nullableText,
    width: { ...count, nullable: true },
    height: { ...count, nullable: true },
    scores: { ...json, nullable: true },
    rejectedBecause: nullableText,
    position: whole,
  },
  indices: [{ name: 'contribution_mission', columns: ['missionId', 'position'] }],
});

export const VersionEntity = new EntitySchema<VersionRow>({
  name: 'DatasetsVersion',
  tableName: 'version',
  schema,
  columns: {
    id: key,
    datasetId: text,
    missionId: text,
    accountId: text,
    author: text,
    parentVersionId: nullableText,
    root: text,
    manifestContentId: text,
    itemCount: count,
    itemIds: json,
    agreementBefore: real,
    agreementAfter: real,
    licence: text,
    sealedAt: text,
    txHash: nullableText,
    blockNumber: { ...count, nullable: true },
    position: whole,
  },
  indices: [{ name: 'version_mission', columns: ['missionId'] }],
});

export const AnnotatorEntity = new EntitySchema<AnnotatorRow>({
  name: 'DatasetsAnnotator',
  tableName: 'annotator',
  schema,
  columns: {
    id: key,
    missionId: text,
    accountId: text,
    flagged: { type: 'boolean' },
    reason: nullableText,
    goldAccuracy: { ...real, nullable: true },
  },
  indices: [{ name: 'annotator_mission', columns: ['missionId'] }],
});

export const EarningEntity = new EntitySchema<EarningRow>({
  name: 'DatasetsEarning',
  tableName: 'earning',
  schema,
  columns: {
    id: key,
    missionId: text,
    accountId: text,
    address: text,
    kind: text,
    count,
    amountWei: whole,
    position: whole,
  },
  indices: [{ name: 'earning_mission', columns: ['missionId'] }],
});
