import { Between, In, IsNull, Not, type DataSource } from 'typeorm';
import { ClaimedEntity, EarnerEntity, EarningEntity, EpochEntity, WorkEntity, type EpochRow } from './entities';
import type { Earning, Work } from './allocation';

/** What was done after one position of the log and up to another. */
export async function earnedBetween(database: DataSource, after: bigint, until: bigint): Promise<{ readonly work: readonly Work[]; readonly earnings: readonly Earning[] }> {
  const position = Between((after + 1n).toString(), until.toString());
  const [jobs, earnings] = await Promise.all([
    database.getRepository(WorkEntity).find({ where: { position } }),
    database.getRepository(EarningEntity).find({ where: { position }, order: { earningId: 'ASC' } }),
  ]);
  const earners = await database.getRepository(EarnerEntity).find({ where: { nodeId: In(jobs.map(({ nodeId }) => nodeId)) }, order: { nodeId: 'ASC' } });
  const work = earners.map(({ nodeId, operator, trust }) =>
    ({ nodeId, operator, trust, units: jobs.filter((job) => job.nodeId === nodeId).reduce((sum, { units }) => sum + units, 0) }));
  return { work, earnings: earnings.map(({ missionId, address, amountWei }) => ({ missionId, address, amountWei: BigInt(amountWei) })) };
}

/** Newest first. */
export function rewardEpochs(database: DataSource): Promise<readonly EpochRow[]> {
  return database.getRepository(EpochEntity).find({ order: { epoch: 'DESC' } });
}

export function rewardEpoch(database: DataSource, epoch: number): Promise<EpochRow | null> {
  return database.getRepository(EpochEntity).findOneBy({ epoch });
}

/** The one whose root the contract holds. */
export function publishedEpoch(database: DataSource): Promise<EpochRow | null> {
  return database.getRepository(EpochEntity).findOne({ where: { publishedTxHash: Not(IsNull()) }, order: { epoch: 'DESC' } });
}

export async function claimedWei(database: DataSource, address: string): Promise<bigint> {
  return BigInt((await database.getRepository(ClaimedEntity).findOneBy({ address: address.toLowerCase() }))?.cumulativeWei ?? '0');
}
