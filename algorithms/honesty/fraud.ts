// Fraud that needs no statistics: two things that one node signed and that cannot both be honest. Whoever has the proof and the node's
// key can check it, without asking the platform.
import { canonicalJson, type Json } from '@oort/kernel-wire';
import { commitmentHash, type Answer } from '@oort/schema/statements';

export interface Signed {
  /** RFC 8785 JSON, as it was signed. */
  readonly statement: string;
  /** Ed25519, hex. */
  readonly signature: string;
}

export type FraudKind = 'two-commitments' | 'reveal-differs' | 'two-answers';

export interface FraudProof {
  readonly kind: FraudKind;
  /** Ed25519, hex. */
  readonly nodeKey: string;
  readonly first: Signed;
  readonly second: Signed;
}

/** `verify(key, text, signature)` checks an Ed25519 signature; it must not throw. */
export function provesFraud({ kind, nodeKey, first, second }: FraudProof, verify: (key: string, text: string, signature: string) => boolean): boolean {
  if (![first, second].every(({ statement, signature }) => verify(nodeKey, statement, signature))) return false;
  const [one, other] = [membersOf(first.statement), membersOf(second.statement)];
  if (one['jobId'] !== other['jobId'] || one['attempt'] !== other['attempt'] || first.statement === second.statement) return false;
  const forms = `${String(one['statement'])} ${String(other['statement'])}`;
  switch (kind) {
    case 'two-commitments': return forms === 'oort/committed/1 oort/committed/1' && one['commitment'] !== other['commitment'];
    case 'two-answers': return forms === 'oort/result/2 oort/result/2' && one['resultHash'] !== other['resultHash'];
    case 'reveal-differs': return forms === 'oort/committed/1 oort/result/2' && isAnswer(other) && one['commitment'] !== commitmentHash(nodeKey, other);
  }
}

type Members = Readonly<Record<string, unknown>>;

/** Nothing for a text that is not in the one form in which it could have been signed. */
function membersOf(statement: string): Members {
  try {
    const value = JSON.parse(statement) as Members & Json;
    return canonicalJson(value) === statement ? value : {};
  } catch {
    return {};
  }
}

function isAnswer(members: Members): members is Members & Answer {
  const { jobId, attempt, resultHash, salt } = members;
  return typeof jobId === 'string' && typeof attempt === 'number' && typeof resultHash === 'string' && typeof salt === 'string';
}
