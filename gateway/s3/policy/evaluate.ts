// What a policy says to a request. Deny stands above Allow, and where nothing is said nothing is granted.
// Source: IAM User Guide, "Policy evaluation logic".
import { holds } from './conditions';
import type { Context } from './context';
import type { Policy, Principals, Statement } from './document';
import { like } from './patterns';

export interface Asked {
  /** Null for a request that nobody signed. */
  readonly principal: { readonly accountId: string; readonly canonicalId: string } | null;
  /** `s3:GetObject`. */
  readonly action: string;
  /** `arn:aws:s3:::bucket/key`. */
  readonly resource: string;
  readonly context: Context;
}

export type Verdict = 'allow' | 'deny' | 'silent';

export function evaluate(policy: Policy, asked: Asked): Verdict {
  let verdict: Verdict = 'silent';
  for (const statement of policy.statements) {
    if (!applies(statement, policy.variables, asked)) continue;
    if (statement.effect === 'Deny') return 'deny';
    verdict = 'allow';
  }
  return verdict;
}

/** Keys that some condition or variable asks for: what is dear to find out is found out only for these. */
export function mentions(policy: Policy, start: string): boolean {
  return policy.statements.some(({ conditions, resources }) => conditions.some(({ key, values }) => key.startsWith(start)
    || values.some((value) => value.toLowerCase().includes(`\${${start}`))) || resources.some((resource) => resource.toLowerCase().includes(`\${${start}`)));
}

function applies({ principals, actions, resources, conditions, not }: Statement, variables: boolean, asked: Asked): boolean {
  return names(principals, asked.principal) !== not.principals
    && actions.some((action) => like(action.toLowerCase(), asked.action.toLowerCase())) !== not.actions
    && resources.some((resource) => like(withoutPartition(resource), withoutPartition(asked.resource), variables ? asked.context : null)) !== not.resources
    && conditions.every((condition) => holds(condition, asked.context));
}

function names({ everyone, accounts, canonicalIds }: Principals, principal: Asked['principal']): boolean {
  if (everyone) return true;
  if (principal === null) return false;
  return canonicalIds.includes(principal.canonicalId) || accounts.some((name) => accountOf(name) === principal.accountId);
}

/** Of `account`, `arn:aws:iam::account:root`, and `arn:aws:iam:::user/account`. There are no users within an account. */
export function accountOf(name: string): string | null {
  const arn = /^arn:[a-z-]+:iam::([\w-]*):(root|user\/([\w-]+))$/.exec(name);
  if (arn === null) return name.startsWith('arn:') ? null : name;
  const [, account = '', , user] = arn;
  return account === '' ? user ?? null : user === undefined || user === account ? account : null;
}

/** Partition, region and account do not tell buckets apart: their names are unique. */
function withoutPartition(arn: string): string { return arn.replace(/^arn:[^:]*:s3:[^:]*:[^:]*:/, ''); }
