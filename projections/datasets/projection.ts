import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { PlatformEvent } from '@oort/schema';
import {
  AnnotatorEntity,
  ContributionEntity,
  EarningEntity,
  MissionEntity,
  VersionEntity,
} from './entities';

/** None of them sealed: tables are reachable by more people than the log's keys are. */
const types = [
  'MissionOpened',
  'MissionFunded',
  'MissionClosed',
  'ConsentGiven',
  'ContributionSubmitted',
  'ContributionPreprocessed',
  'ContributionAccepted',
  'ContributionRejected',
  'ContributionWithdrawn',
  'AnnotatorFlagged',
  'EarningsAccrued',
  'DatasetVersionSealed',
  'ChainCallFinalised',
] as const satisfies readonly PlatformEvent['type'][];

type Read = Extract<PlatformEvent, { readonly type: (typeof types)[number] }>;

export const datasetsProjection: Projection = {
  name: 'datasets',
  version: 1,
  subscribes: types,
  entities: [MissionEntity, ContributionEntity, VersionEntity, AnnotatorEntity, EarningEntity],
  apply: (recorded, rows) =>
    apply({ type: recorded.type, data: recorded.data } as unknown as Read, recorded, rows),
};

async function apply(event: Read, recorded: RecordedEvent, rows: Rows): Promise<void> {
  const position = recorded.position.toString();
  switch (event.type) {
    case 'MissionOpened': {
      const { missionId, consentTextHash: _, ...mission } = event.data;
      await rows.insert(MissionEntity, {
        id: missionId,
        ...mission,
        fundedWei: '0',
        closed: false,
        position,
      });
      return;
    }
    case 'MissionFunded':
      await rows.increment(MissionEntity, { id: event.data.missionId }, 'fundedWei', BigInt(event.data.amountWei));
      return;
    case 'MissionClosed':
      await rows.update(MissionEntity, { id: event.data.missionId }, { closed: true });
      return;
    case 'ConsentGiven': {
      const { missionId, accountId } = event.data;
      await rows.insert(AnnotatorEntity, {
        id: annotatorId(missionId, accountId),
        missionId,
        accountId,
        flagged: false,
        reason: null,
        goldAccuracy: null,
      });
      return;
    }
    case 'AnnotatorFlagged': {
      const { missionId, accountId, reason, goldAccuracy } = event.data;
      await rows.update(
        AnnotatorEntity,
        { id: annotatorId(missionId, accountId) },
        { flagged: true, reason, goldAccuracy },
      );
      return;
    }
    case 'ContributionSubmitted':
    case 'ContributionPreprocessed':
    case 'ContributionAccepted':
    case 'ContributionRejected':
    case 'ContributionWithdrawn':
      return applyContribution(event, position, rows);
    case 'EarningsAccrued': {
      const { earningId, ...earning } = event.data;
      await rows.insert(EarningEntity, { id: earningId, ...earning, position });
      return;
    }
    case 'DatasetVersionSealed': {
      const { versionId, contributionIds: _, ...version } = event.data;
      await rows.insert(VersionEntity, {
        id: versionId,
        ...version,
        sealedAt: recorded.metadata.occurredAt,
        txHash: null,
        blockNumber: null,
        position,
      });
      return;
    }
    case 'ChainCallFinalised': {
      const { subject, txHash, blockNumber, status } = event.data;
      if (subject.kind === 'dataset-version' && status === 'succeeded')
        await rows.update(VersionEntity, { id: subject.id }, { txHash, blockNumber });
      return;
    }
  }
}

type OfContribution = Extract<Read, { readonly type: `Contribution${string}` }>;

async function applyContribution(
  event: OfContribution,
  position: string,
  rows: Rows,
): Promise<void> {
  const { contributionId: id, missionId } = event.data;
  switch (event.type) {
    case 'ContributionSubmitted': {
      const { accountId, sha256, contentId } = event.data;
      // A rejected contribution may come again under its id.
      await rows.put(
        ContributionEntity,
        {
          id,
          missionId,
          accountId,
          status: 'SUBMITTED',
          sha256,
          contentId,
          itemId: null,
          preprocessedOn: null,
          perceptualHash: null,
          width: null,
          height: null,
          scores: null,
          rejectedBecause: null,
          position,
        },
      );
      return;
    }
    case 'ContributionPreprocessed': {
      const { nodeId, contentId, perceptualHash, width, height } = event.data;
      await rows.update(
        ContributionEntity,
        { id },
        {
          status: 'PREPROCESSED',
          contentId,
          preprocessedOn: nodeId,
          perceptualHash,
          width,
          height,
        },
      );
      return;
    }
    case 'ContributionAccepted': {
      const { itemId, scores } = event.data;
      await rows.update(ContributionEntity, { id }, { status: 'ACCEPTED', itemId, scores });
      return;
    }
    case 'ContributionRejected':
      await rows.update(
        ContributionEntity,
        { id },
        { status: 'REJECTED', rejectedBecause: event.data.reason },
      );
      return;
    case 'ContributionWithdrawn':
      await rows.update(ContributionEntity, { id }, { status: 'WITHDRAWN' });
      return;
  }
}

const annotatorId = (missionId: string, accountId: string): string => `${missionId}.${accountId}`;
