// Whether a policy is public: it grants something to callers that it does not name, and no condition holds them to fixed values.
// Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public".
import type { Condition } from './conditions';
import type { Policy } from './document';
import { ipRange } from './ip-range';

const fixing = [
  'aws:principalorgid', 'aws:principalaccount', 'aws:principalarn', 'aws:sourcearn', 'aws:sourcevpc', 'aws:sourcevpce', 'aws:sourceowner',
  'aws:sourceaccount', 'aws:userid', 's3:x-amz-server-side-encryption-aws-kms-key-id', 's3:dataaccesspointarn', 's3:dataaccesspointaccount',
];

export function isPublic(policy: Policy): boolean {
  return policy.statements.some(({ effect, principals, not, conditions }) => effect === 'Allow' && (principals.everyone || not.principals) && !conditions.some(fixes));
}

function fixes({ operator, negated, ifExists, quantifier, key, values }: Condition): boolean {
  // It also holds where the request says nothing.
  if (negated || ifExists || quantifier === 'all') return false;
  if (operator === 'IpAddress') return key === 'aws:sourceip' && values.every(isNarrow);
  if (!fixing.includes(key)) return false;
  if (operator.startsWith('Arn')) return values.every((value) => !/[*?]/.test(value.split(':')[4] ?? '*') && (value.split(':')[4] ?? '') !== '');
  return ['StringEquals', 'StringEqualsIgnoreCase', 'StringLike'].includes(operator) && values.every((value) => !/[*?$]/.test(value));
}

/** A very broad range is the public: wider than /8, or /32 of version 6. */
function isNarrow(text: string): boolean {
  const range = ipRange(text);
  return range !== null && range.bits >= (range.family === 'ipv4' ? 8 : 32);
}
