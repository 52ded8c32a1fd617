import type { EntitySchema } from 'typeorm';
import { newRecord, trust } from '@oort/algorithms-honesty';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { PlatformEvent } from '@oort/schema';
import { AbsenceEntity, ClaimedEntity, EarnerEntity, EarningEntity, EpochEntity, WorkEntity } from './entities';

const subscribes = [
  'NodeEnrolled', 'NodeWentOffline', 'NodeCameOnline', 'VerdictReached', 'JobCompleted', 'JobRefunded', 'EarningsAccrued', 'RewardEpochClosed', 'ChainLogObserved',
] as const satisfies readonly PlatformEvent['type'][];

type Read = Extract<PlatformEvent, { readonly type: (typeof subscribes)[number] }>;

/** What is believed of a node that was never audited. */
const priorTrust = trust(newRecord);

export const rewardsProjection: Projection = {
  name: 'rewards', version: 1, poison: 'stop', subscribes, entities: [EarnerEntity, AbsenceEntity, WorkEntity, EarningEntity, EpochEntity, ClaimedEntity] as readonly EntitySchema<object>[],
  apply: (event, rows) => apply(event, { type: event.type, data: event.data } as unknown as Read, rows),
};

async function apply(recorded: RecordedEvent, event: Read, rows: Rows): Promise<void> {
  const position = recorded.position.toString();
  switch (event.type) {
    case 'NodeEnrolled':
      await rows.put(EarnerEntity, { nodeId: event.data.nodeId, operator: event.data.operator.toLowerCase(), trust: priorTrust, enrolledAtMs: atMs(recorded.metadata.occurredAt) });
      return;
    case 'NodeWentOffline':
      await rows.put(AbsenceEntity, { id: recorded.id, nodeId: event.data.nodeId, fromMs: atMs(event.data.lastSeenAt), untilMs: null });
      return;
    case 'NodeCameOnline':
      await rows.update(AbsenceEntity, { nodeId: event.data.nodeId, untilMs: null }, { untilMs: atMs(recorded.metadata.occurredAt) });
      return;
    case 'VerdictReached':
      await rows.update(EarnerEntity, { nodeId: event.data.nodeId }, { trust: event.data.trust });
      return;
    case 'JobCompleted': {
      const { jobId, nodeId, units } = event.data;
      await rows.put(WorkEntity, { jobId, nodeId, units, position });
      return;
    }
    // Work that was found wrong earns nothing.
    case 'JobRefunded':
      await rows.delete(WorkEntity, { jobId: event.data.jobId });
      return;
    case 'EarningsAccrued': {
      const { earningId, missionId, address, amountWei } = event.data;
      await rows.put(EarningEntity, { earningId, missionId, address: address.toLowerCase(), amountWei, position });
      return;
    }
    case 'RewardEpochClosed': {
      const { epoch, root, totalWei, cumulativeWei, undistributedWei, vestingWei, treasuryWei, untilPosition, closedAt, leaves, grants } = event.data;
      const row = { epoch, root, totalWei, cumulativeWei, undistributedWei, vestingWei, treasuryWei, untilPosition, closedAt, leaves, grants };
      await rows.put(EpochEntity, { ...row, publishedTxHash: null });
      return;
    }
    case 'ChainLogObserved': {
      const { contract, event: name, args, txHash } = event.data;
      if (contract !== 'Rewards') return;
      if (name === 'RootPublished') await rows.update(EpochEntity, { epoch: Number(args['epoch']) }, { publishedTxHash: txHash });
      if (name === 'Claimed') await rows.put(ClaimedEntity, { address: String(args['account']).toLowerCase(), cumulativeWei: String(args['cumulativeAmount']), txHash });
      return;
    }
  }
}

function atMs(at: string): string {
  return String(Date.parse(at));
}
