// The policy document of a form, and its signature of either version.
// Source: Amazon S3 API reference, "Browser-based uploads using POST": "POST policy", "Calculating a signature".
import { createHmac } from 'node:crypto';
import { S3Error } from '../s3-error';
import { equal, mismatch, signingKey, unknownKey, type Authenticated, type S3Credentials } from '../sigv4';
import { anonymous } from '../access/identities';

export type Fields = ReadonlyMap<string, string>;

export interface SizeRange { readonly least: number; readonly most: number }

const nobodysKey = { key: Buffer.alloc(0), timestamp: '', scope: '', seed: '' } as const;

/** Whose form it is; nobody's without a policy. Throws S3Error. */
export function whoseForm(fields: Fields, find: (accessKeyId: string) => S3Credentials | null): Authenticated {
  if (fields.has('x-amz-security-token')) throw new S3Error('InvalidToken', 'The provided token is malformed or otherwise invalid. This door knows no temporary credentials.');
  const unsigned = { payloadHash: 'UNSIGNED-PAYLOAD', signing: nobodysKey, signedAt: null };
  const claims = fields.has('awsaccesskeyid') ? 'AWS' : fields.has('x-amz-algorithm') || fields.has('x-amz-credential') ? 'AWS4-HMAC-SHA256' : null;
  if (claims === null && !fields.has('policy')) return { ...unsigned, accountId: anonymous, form: 'none', version: null };
  const policy = required(fields, 'policy');
  const { accountId } = claims === 'AWS4-HMAC-SHA256' ? signedByVersion4(fields, policy, find) : signedByVersion2(fields, policy, find);
  return { ...unsigned, accountId, form: 'post', version: claims ?? 'AWS' };
}

function signedByVersion4(fields: Fields, policy: string, find: (accessKeyId: string) => S3Credentials | null): S3Credentials {
  const [algorithm, credential, date, signature] = ['x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-signature'].map((name) => required(fields, name));
  const [, accessKeyId = '', day = '', region = ''] = /^([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request$/.exec(credential ?? '') ?? [];
  if (algorithm !== 'AWS4-HMAC-SHA256' || accessKeyId === '' || date?.startsWith(day) !== true) {
    throw new S3Error('InvalidArgument', 'The signature fields of the form are malformed.');
  }
  const credentials = find(accessKeyId);
  if (credentials === null) throw unknownKey(accessKeyId);
  const computed = createHmac('sha256', signingKey(credentials.secretAccessKey, day, region)).update(policy).digest('hex');
  if (!equal(computed, signature ?? '')) throw mismatch({ accessKeyId, toSign: policy, signature: signature ?? '' });
  return credentials;
}

function signedByVersion2(fields: Fields, policy: string, find: (accessKeyId: string) => S3Credentials | null): S3Credentials {
  const [accessKeyId, signature] = [required(fields, 'awsaccesskeyid'), required(fields, 'signature')];
  const credentials = find(accessKeyId);
  if (credentials === null) throw unknownKey(accessKeyId);
  if (!equal(createHmac('sha1', credentials.secretAccessKey).update(policy).digest('base64'), signature)) throw mismatch({ accessKeyId, toSign: policy, signature });
  return credentials;
}

export function required(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined || value === '') throw new S3Error('InvalidArgument', `Bucket POST must contain a field named '${name}'. If it is specified, please check the order of the fields.`);
  return value;
}

const needNoCondition = ['policy', 'signature', 'x-amz-signature', 'awsaccesskeyid', 'file', 'bucket'];

/** The sizes that the policy allows. Throws S3Error InvalidPolicyDocument for what is no policy, AccessDenied for what it does not allow. */
export function checkPolicy(bucket: string, fields: Fields, now: Date): SizeRange {
  const { expiration, conditions } = policyOf(fields.get('policy') ?? '');
  if (expiration <= now.getTime()) throw refused('Policy expired.');
  const values = new Map([...fields, ['bucket', bucket]]);
  const covered = new Set<string>();
  let size: SizeRange = { least: 0, most: Number.MAX_SAFE_INTEGER };
  for (const condition of conditions) {
    if ('least' in condition) {
      size = { least: Math.max(size.least, condition.least), most: Math.min(size.most, condition.most) };
      continue;
    }
    covered.add(condition.name);
    if (!holds(condition, values.get(condition.name))) throw refused(`Policy Condition failed: ${condition.text}`);
  }
  const extra = [...fields.keys()].filter((name) => !covered.has(name) && !needNoCondition.includes(name) && !name.startsWith('x-ignore-'));
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(', ')}`);
  return size;
}

interface Match { readonly kind: 'eq' | 'starts-with'; readonly name: string; readonly value: string; readonly text: string }

function holds({ kind, name, value }: Match, found: string | undefined): boolean {
  if (kind === 'eq') return found === value;
  // Of several types each must begin so.
  return found !== undefined && (name === 'content-type' ? found.split(',') : [found]).every((part) => part.startsWith(value));
}

function policyOf(base64: string): { readonly expiration: number; readonly conditions: readonly (Match | SizeRange)[] } {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(base64, 'base64').toString());
  } catch {
    throw noPolicy('Invalid JSON.');
  }
  const { expiration, conditions } = typeof document === 'object' && document !== null ? document as Readonly<Record<string, unknown>> : {};
  const at = typeof expiration === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(at)) throw noPolicy('Invalid or missing expiration.');
  if (!Array.isArray(conditions)) throw noPolicy('Missing conditions.');
  return { expiration: at, conditions: conditions.flatMap((condition: unknown) => conditionsOf(condition)) };
}

function conditionsOf(condition: unknown): readonly (Match | SizeRange)[] {
  const text = JSON.stringify(condition);
  if (Array.isArray(condition)) {
    const [kind, name, value] = condition as readonly unknown[];
    if (kind === 'content-length-range') {
      const [least, most] = [Number(name), Number(value)];
      if (condition.length !== 3 || !Number.isSafeInteger(least) || !Number.isSafeInteger(most) || least < 0) throw noPolicy(`Invalid condition: ${text}`);
      return [{ least, most }];
    }
    const matches = condition.length === 3 && (kind === 'eq' || kind === 'starts-with') && typeof name === 'string' && name.startsWith('$') && typeof value === 'string';
    if (!matches) throw noPolicy(`Invalid condition: ${text}`);
    return [{ kind, name: name.slice(1).toLowerCase(), value, text }];
  }
  const entries = typeof condition === 'object' && condition !== null ? Object.entries(condition) : [];
  if (entries.length === 0) throw noPolicy(`Invalid condition: ${text}`);
  return entries.map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'string') throw noPolicy(`Invalid condition: ${text}`);
    return { kind: 'eq', name: name.toLowerCase(), value, text };
  });
}

function noPolicy(why: string): S3Error { return new S3Error('InvalidPolicyDocument', `Invalid Policy: ${why}`); }

function refused(why: string): S3Error { return new S3Error('AccessDenied', `Invalid according to Policy: ${why}`); }
