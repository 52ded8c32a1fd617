import { generateKeyPairSync, sign, verify as verifyWith, createPublicKey, type KeyObject } from 'node:crypto';
import { commitmentHash, commitmentStatement, resultStatement } from '@oort/schema/statements';
import { provesFraud, type FraudProof, type Signed } from './fraud';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const hexOf = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('hex');
const nodeKey = hexOf(publicKey);
const verify = (key: string, text: string, signature: string): boolean => (
  verifyWith(null, Buffer.from(text), createPublicKey({ key: Buffer.from(key, 'hex'), format: 'der', type: 'spki' }), Buffer.from(signature, 'hex')));
const signed = (statement: string, key = privateKey): Signed => ({ statement, signature: sign(null, Buffer.from(statement), key).toString('hex') });

const attempt = { jobId: 'job_1', attempt: 1 };
const answer = { ...attempt, resultHash: 'aa', salt: '01' };
const otherAnswer = { ...answer, resultHash: 'bb' };
const committed = signed(commitmentStatement({ ...attempt, commitment: commitmentHash(nodeKey, answer) }));
const committedToOther = signed(commitmentStatement({ ...attempt, commitment: commitmentHash(nodeKey, otherAnswer) }));
const proof = (kind: FraudProof['kind'], first: Signed, second: Signed): FraudProof => ({ kind, nodeKey, first, second });

test.each([
  ['two commitments for one attempt', proof('two-commitments', committed, committedToOther)],
  ['another answer than the one committed to', proof('reveal-differs', committed, signed(resultStatement(otherAnswer)))],
  ['another salt than the one committed to', proof('reveal-differs', committed, signed(resultStatement({ ...answer, salt: '02' })))],
  ['a commitment copied from another node', proof('reveal-differs',
    signed(commitmentStatement({ ...attempt, commitment: commitmentHash(hexOf(other.publicKey), answer) })), signed(resultStatement(answer)))],
  ['two answers for one attempt', proof('two-answers', signed(resultStatement(answer)), signed(resultStatement(otherAnswer)))],
])('proves: %s', (_, given) => { expect(provesFraud(given, verify)).toBe(true); });

test.each([
  ['an honest reveal', proof('reveal-differs', committed, signed(resultStatement(answer)))],
  ['the same commitment twice', proof('two-commitments', committed, committed)],
  ['answers of two attempts', proof('two-answers', signed(resultStatement(answer)), signed(resultStatement({ ...otherAnswer, attempt: 2 })))],
  ['answers for two jobs', proof('two-answers', signed(resultStatement(answer)), signed(resultStatement({ ...otherAnswer, jobId: 'job_2' })))],
  ['one that another key signed', proof('two-answers', signed(resultStatement(answer)), signed(resultStatement(otherAnswer), other.privateKey))],
  ['one kind given as another', proof('two-answers', committed, committedToOther)],
  ['two spellings of one statement', proof('two-answers', signed(resultStatement(answer)), signed(` ${resultStatement(otherAnswer)}`))],
  ['no statement', proof('two-answers', signed('no'), signed('{}'))],
])('does not prove: %s', (_, given) => { expect(provesFraud(given, verify)).toBe(false); });
