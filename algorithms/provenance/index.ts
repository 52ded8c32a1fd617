// Where things came from: what each event states, and the proof that a stranger can check.
export { checkProof, type ProofCheck, type ProofDocument, type ProofRefusal, type ProvenEvent } from './proof';
export { annotationOf, isStating, statementOf, statingTypes, type Link, type Statement, type SubjectKind } from './statement';
