import { Between, In, IsNull, Not, type DataSource } from 'typeorm';
import { AbsenceEntity, ClaimedEntity, EarnerEntity, EarningEntity, EpochEntity, WorkEntity, type EpochRow } from './entities';
import type { Earning, Work } from './allocation';

/** What was done after one position of the log and up to another, and for how much of the time each node was there. */
export async function earnedBetween(
  database: DataSource, after: bigint, until: bigint, time: { readonly fromMs: number; readonly untilMs: number },
): Promise<{ readonly work: readonly Work[]; readonly earnings: readonly Earning[] }> {
  const position = Between((after + 1n).toString(), until.toString());
  const [jobs, earnings] = await Promise.all([
    database.getRepository(WorkEntity).find({ where: { position } }),
    database.getRepository(EarningEntity).find({ where: { position }, order: { earningId: 'ASC' } }),
  ]);
  const nodeId = In(jobs.map((job) => job.nodeId));
  const [earners, absences] = await Promise.all([
    database.getRepository(EarnerEntity).find({ where: { nodeId }, order: { nodeId: 'ASC' } }), database.getRepository(AbsenceEntity).find({ where: { nodeId } }),
  ]);
  const work = earners.map(({ nodeId: id, operator, trust, enrolledAtMs }) => ({
    nodeId: id, operator, trust, units: jobs.filter((job) => job.nodeId === id).reduce((sum, { units }) => sum + units, 0),
    uptime: uptimeOf(absences.filter((absence) => absence.nodeId === id), Math.max(time.fromMs, Number(enrolledAtMs)), time.untilMs),
  }));
  return { work, earnings: earnings.map(({ missionId, address, amountWei }) => ({ missionId, address, amountWei: BigInt(amountWei) })) };
}

/** 0 to 1. */
export function uptimeOf(absences: readonly { readonly fromMs: string; readonly untilMs: string | null }[], fromMs: number, untilMs: number): number {
  if (untilMs <= fromMs) return 1;
  const away = absences.reduce((sum, absence) =>
    sum + Math.max(0, Math.min(untilMs, Number(absence.untilMs ?? untilMs)) - Math.max(fromMs, Number(absence.fromMs))), 0);
  return Math.max(0, 1 - away / (untilMs - fromMs));
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
