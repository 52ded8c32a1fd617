// How far can each node be trusted, what was it caught at, and what did it answer lately?
export { AnswerEntity, CaseEntity, NodeHonestyEntity, type AnswerRow, type AppealRow, type CaseRow, type JuryRow, type NodeHonestyRow, type WorkRow } from './entities';
export { honestyProjection } from './projection';
export { answerOf, honestyCase, honestyCases, honestyOfAll, lastAnswers, nodeHonesty } from './questions';
