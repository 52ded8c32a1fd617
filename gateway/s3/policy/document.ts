// A bucket policy read from its JSON, or refused with the words that Amazon S3 has for it.
// Source: IAM User Guide, "Grammar of the IAM JSON policy language"; Amazon S3 User Guide, "Policies and permissions in Amazon S3".
import { S3Error } from '../s3-error';
import { kindsOf } from './actions';
import { isValueOf, operatorNamed, type Condition } from './conditions';
import { like } from './patterns';

export interface Principals {
  /** `*`, of everybody with or without a key. */
  readonly everyone: boolean;
  /** Account ids and ARNs as they were given. */
  readonly accounts: readonly string[];
  readonly canonicalIds: readonly string[];
}

export interface Statement {
  readonly sid: string | null;
  readonly effect: 'Allow' | 'Deny';
  readonly principals: Principals;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
  /** The element lists what it does not apply to. */
  readonly not: { readonly principals: boolean; readonly actions: boolean; readonly resources: boolean };
}

export interface Policy { readonly statements: readonly Statement[]; /** Variables are replaced since this version of the language. */ readonly variables: boolean }

export const largestPolicyBytes = 20 * 1024;

/** Throws S3Error MalformedPolicy. */
export function parsePolicy(text: string, bucket: string): Policy {
  if (Buffer.byteLength(text) > largestPolicyBytes) throw refused('Policy exceeds the maximum allowed document size.');
  const document = recordOf(jsonOf(text), 'Policies must be valid JSON and the first byte must be \'{\'');
  onlyKnown(document, ['Version', 'Id', 'Statement']);
  const version = document['Version'] ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17') throw refused('The policy must contain a valid version string');
  const listed = listOf(document['Statement']);
  if (listed.length === 0) throw refused('Could not parse the policy: Statement is empty!');
  const statements = listed.map((statement) => statementOf(recordOf(statement, 'Invalid policy syntax.'), bucket));
  const sids = statements.flatMap(({ sid }) => sid ?? []);
  if (new Set(sids).size < sids.length) throw refused('Statement IDs (SID) in a single policy must be unique.');
  return { statements, variables: version === '2012-10-17' };
}

function statementOf(given: Readonly<Record<string, unknown>>, bucket: string): Statement {
  onlyKnown(given, ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);
  const { Sid: sid = null, Effect: effect } = given;
  if (sid !== null && typeof sid !== 'string') throw refused('Invalid policy syntax.');
  if (effect === undefined) throw refused('Missing required field Effect cannot be empty!');
  if (effect !== 'Allow' && effect !== 'Deny') throw refused(`Invalid effect: ${String(effect)}`);
  const [principal, action, resource] = [either(given, 'Principal'), either(given, 'Action'), either(given, 'Resource')];
  if (principal.not && effect === 'Allow') throw refused('Allow with NotPrincipal is not allowed.');
  const actions = texts(action.value, 'Policy has invalid action');
  const resources = texts(resource.value, 'Policy has invalid resource');
  checkResources(resources, bucket);
  checkActions(actions, resources, action.not || resource.not);
  return {
    sid, effect, principals: principalsOf(principal.value), actions, resources, conditions: conditionsOf(given['Condition']),
    not: { principals: principal.not, actions: action.not, resources: resource.not },
  };
}

function either(given: Readonly<Record<string, unknown>>, name: string): { readonly value: unknown; readonly not: boolean } {
  const [plain, not] = [given[name], given[`Not${name}`]];
  if (plain !== undefined && not !== undefined) throw refused(`Statement cannot have both ${name} and Not${name}.`);
  if (plain === undefined && not === undefined) throw refused(`Missing required field ${name} cannot be empty!`);
  return plain === undefined ? { value: not, not: true } : { value: plain, not: false };
}

function principalsOf(value: unknown): Principals {
  const invalid = 'Invalid principal in policy';
  if (value === '*') return { everyone: true, accounts: [], canonicalIds: [] };
  const given = recordOf(value, invalid);
  const kinds = Object.keys(given);
  if (kinds.length === 0 || kinds.some((kind) => !['AWS', 'CanonicalUser', 'Service', 'Federated'].includes(kind))) throw refused(invalid);
  const accounts = given['AWS'] === undefined ? [] : texts(given['AWS'], invalid);
  // Only a lone star is a wildcard here.
  if (accounts.some((name) => name !== '*' && !/^(arn:[a-z-]+:(iam|sts)::[\w-]*:(root|(user|role|assumed-role)\/[\w+=,.@/-]+)|\w[\w-]*)$/.test(name))) throw refused(invalid);
  for (const kind of ['Service', 'Federated']) if (given[kind] !== undefined) texts(given[kind], invalid);
  return {
    everyone: accounts.includes('*'), accounts: accounts.filter((name) => name !== '*'),
    canonicalIds: given['CanonicalUser'] === undefined ? [] : texts(given['CanonicalUser'], invalid),
  };
}

function checkResources(resources: readonly string[], bucket: string): void {
  for (const resource of resources) {
    const name = resource === '*' ? '*' : /^arn:[^:]*:s3:[^:]*:[^:]*:(.+)$/s.exec(resource)?.[1];
    const [named = ''] = name?.split('/', 1) ?? [];
    if (name === undefined || !like(named.replace(/\$\{[^}]*\}/g, '*'), bucket)) throw refused('Policy has invalid resource');
  }
}

function checkActions(actions: readonly string[], resources: readonly string[], inverted: boolean): void {
  const onObjects = resources.some((resource) => /[/*?]/.test(resource));
  const onBuckets = resources.some((resource) => !resource.includes('/') || /[*?][^/]*\//.test(resource));
  for (const action of actions) {
    const kinds = kindsOf(action);
    if (!kinds.buckets && !kinds.objects) throw refused('Policy has invalid action');
    if (!inverted && !(kinds.objects && onObjects) && !(kinds.buckets && onBuckets)) throw refused('Action does not apply to any resource(s) in statement');
  }
}

function conditionsOf(value: unknown): readonly Condition[] {
  if (value === undefined) return [];
  return Object.entries(recordOf(value, 'Invalid policy syntax.')).flatMap(([name, keys]) => {
    const operator = operatorNamed(name);
    if (operator === null) throw refused(`Invalid Condition type : ${name}`);
    return Object.entries(recordOf(keys, 'Invalid policy syntax.')).map(([key, given]): Condition => {
      if (!/^(aws|s3|saml|jwt|svc):\S/i.test(key)) throw refused('Policy has an invalid condition key');
      const values = listOf(given).map((one) => {
        if (typeof one !== 'string' && typeof one !== 'number' && typeof one !== 'boolean') throw refused('Invalid policy syntax.');
        return String(one);
      });
      if (values.length === 0 || values.some((one) => !isValueOf(operator.operator, one))) throw refused(`Invalid value for condition ${name} of ${key}`);
      return { ...operator, key: key.toLowerCase(), values };
    });
  });
}

function texts(value: unknown, message: string): readonly string[] {
  const listed = listOf(value);
  if (listed.length === 0) throw refused(message);
  return listed.map((text) => {
    if (typeof text !== 'string' || text === '') throw refused(message);
    return text;
  });
}

function listOf(value: unknown): readonly unknown[] {
  const listed: readonly unknown[] = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  return listed;
}

function jsonOf(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return null;
  }
}

function recordOf(value: unknown, message: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(message);
  return { ...value };
}

function onlyKnown(given: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw refused(`Unknown field ${unknown}`);
}

function refused(message: string): S3Error { return new S3Error('MalformedPolicy', message); }
