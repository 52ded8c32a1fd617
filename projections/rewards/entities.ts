import { EntitySchema } from 'typeorm';
import type { RewardGrant } from '@oort/schema/events/staking';

export const rewardsSchema = 'rewards';

/** Times are milliseconds since 1970, as decimal text. */
export interface EarnerRow { nodeId: string; operator: string; trust: number; enrolledAtMs: string }
export interface AbsenceRow { id: string; nodeId: string; fromMs: string; untilMs: string | null }
/** A completed job's units, at its place in the log. */
export interface WorkRow { jobId: string; position: string; nodeId: string; units: number }
export interface EarningRow { earningId: string; position: string; missionId: string; address: string; amountWei: string }
export interface EpochRow {
  epoch: number; root: string; totalWei: string; cumulativeWei: string; undistributedWei: string; vestingWei: string; treasuryWei: string;
  untilPosition: string; closedAt: string; leaves: readonly { readonly address: string; readonly cumulativeWei: string }[]; grants: readonly RewardGrant[];
  /** Of the transaction that put the root on chain. */
  publishedTxHash: string | null;
}
export interface ClaimedRow { address: string; cumulativeWei: string; txHash: string }

const text = { type: 'text' } as const;
const key = { type: 'text', primary: true } as const;

export const EarnerEntity = new EntitySchema<EarnerRow>({
  name: 'RewardEarner', tableName: 'earner', schema: rewardsSchema, columns: { nodeId: key, operator: text, trust: { type: 'double precision' }, enrolledAtMs: { type: 'bigint' } },
});
export const AbsenceEntity = new EntitySchema<AbsenceRow>({
  name: 'RewardAbsence', tableName: 'absence', schema: rewardsSchema,
  columns: { id: key, nodeId: text, fromMs: { type: 'bigint' }, untilMs: { type: 'bigint', nullable: true } }, indices: [{ name: 'absence_node', columns: ['nodeId'] }],
});
export const WorkEntity = new EntitySchema<WorkRow>({
  name: 'RewardedWork', tableName: 'work', schema: rewardsSchema,
  columns: { jobId: key, position: { type: 'bigint' }, nodeId: text, units: { type: 'double precision' } }, indices: [{ name: 'work_position', columns: ['position'] }],
});
export const EarningEntity = new EntitySchema<EarningRow>({
  name: 'RewardedEarning', tableName: 'earning', schema: rewardsSchema,
  columns: { earningId: key, position: { type: 'bigint' }, missionId: text, address: text, amountWei: text }, indices: [{ name: 'earning_position', columns: ['position'] }],
});
export const EpochEntity = new EntitySchema<EpochRow>({
  name: 'RewardEpoch', tableName: 'epoch', schema: rewardsSchema,
  columns: {
    epoch: { type: 'int', primary: true }, root: text, totalWei: text, cumulativeWei: text, undistributedWei: text, vestingWei: text, treasuryWei: text,
    untilPosition: text, closedAt: text, leaves: { type: 'jsonb' }, grants: { type: 'jsonb' }, publishedTxHash: { type: 'text', nullable: true },
  },
});
export const ClaimedEntity = new EntitySchema<ClaimedRow>({ name: 'RewardClaimed', tableName: 'claimed', schema: rewardsSchema, columns: { address: key, cumulativeWei: text, txHash: text } });
