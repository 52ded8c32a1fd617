import { IsNull, Not, type DataSource } from 'typeorm';
import { AnswerEntity, CaseEntity, NodeHonestyEntity, type AnswerRow, type CaseRow, type NodeHonestyRow } from './entities';

export function nodeHonesty(database: DataSource, nodeId: string): Promise<NodeHonestyRow | null> {
  return database.getRepository(NodeHonestyEntity).findOneBy({ nodeId });
}

/** Least trusted first. */
export function honestyOfAll(database: DataSource): Promise<readonly NodeHonestyRow[]> {
  return database.getRepository(NodeHonestyEntity).find({ order: { trust: 'ASC', nodeId: 'ASC' } });
}

export function honestyCase(database: DataSource, caseId: string): Promise<CaseRow | null> {
  return database.getRepository(CaseEntity).findOneBy({ caseId });
}

export function honestyCases(database: DataSource, nodeId: string | null): Promise<readonly CaseRow[]> {
  return database.getRepository(CaseEntity).find({ where: nodeId === null ? {} : { nodeId }, order: { caseId: 'ASC' } });
}

export function answerOf(database: DataSource, jobId: string): Promise<AnswerRow | null> {
  return database.getRepository(AnswerEntity).findOneBy({ jobId });
}

/** The node's newest answers, newest first. */
export function lastAnswers(database: DataSource, nodeId: string, limit: number): Promise<readonly AnswerRow[]> {
  return database.getRepository(AnswerEntity).find({ where: { nodeId, position: Not(IsNull()) }, order: { position: 'DESC' }, take: limit });
}
