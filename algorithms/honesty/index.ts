// Proof of Honesty as pure rules: what an audit's outcome does to a node's record, and how answers are compared.
export { betaQuantile, regularisedBeta } from './beta';
export { compare, relativeL2, tolerance } from './comparator';
export { judgeAccusation, type Accusation, type Opinion } from './accusation';
export { provesFraud, type FraudKind, type FraudProof, type Signed } from './fraud';
export { failureGap, leakOf, noAudits, tally, type AuditTally, type Leak } from './leak';
export { nodeOf as phantomNode, phantomLeaf, phantomPath, phantomRoot, shutPhantom, unsentPhantoms, type PhantomOpening, type Seat as OfficerSeat } from './phantoms';
export { breaksPromise, chanceOfSoFew, noTasks, officerTally, phantomShare, withBatch, type OfficerTally, type Opening, type PublicEvent } from './promise';
export {
  deservesSlashFor, newRecords, observeWork, recordKindOf, spent, trustOver, type RecordKind, type Records, type Work,
} from './works';
export {
  auditRate, caughtWithin, deservesSlash, honestyParameters, newRecord, observe, stakeNeeded, trust,
  type CusumParameters, type HonestyParameters, type HonestyRecord, type Outcome,
} from './record';
