// Object lock as requests and answers say it; the rules are the storage domain's.
// Source: Amazon S3 API Reference, PutObjectLockConfiguration, PutObjectRetention, PutObjectLegalHold; User Guide, "Object Lock".
import { bucketLock, type BucketLock, type PresentBucket, type StoredVersion } from '@oort/subgraphs-storage';
import { S3Error } from './s3-error';
import { header, type S3Request } from './s3-request';
import { document, element, fields, malformed, parseXml } from './xml';

export type Lock = NonNullable<StoredVersion['lock']>;
export type Retention = NonNullable<Lock['retention']>;

const [mostDays, mostYears] = [36_500, 100];

export function parseBucketLock(bytes: Buffer): BucketLock {
  const { ObjectLockEnabled: enabled, Rule: rule } = parseXml(bytes, 'ObjectLockConfiguration');
  if (enabled !== 'Enabled') throw malformed();
  if (rule === undefined) return {};
  const { Mode: mode, Days: days, Years: years } = fields(fields(rule)['DefaultRetention']);
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || (days === undefined) === (years === undefined)) throw malformed();
  return { rule: days === undefined ? { mode, years: period(years, mostYears) } : { mode, days: period(days, mostDays) } };
}

function period(text: unknown, most: number): number {
  if (typeof text !== 'string' || !/^\s*-?\d{1,9}\s*$/.test(text)) throw malformed();
  const value = Number(text);
  if (value < 1) throw new S3Error('InvalidArgument', 'Default retention period must be a positive integer value.');
  if (value > most) throw new S3Error('InvalidArgument', 'Default retention period is too large.');
  return value;
}

export function bucketLockDocument({ rule }: BucketLock): string {
  const kept = rule === undefined ? null : element('DefaultRetention', 'days' in rule ? { Mode: rule.mode, Days: rule.days } : { Mode: rule.mode, Years: rule.years });
  return document('ObjectLockConfiguration', { ObjectLockEnabled: 'Enabled', Rule: kept === null ? null : element('Rule', { DefaultRetention: kept }) });
}

/** Null for an empty document, which ends a retention. Throws S3Error MalformedXML, InvalidArgument. */
export function parseRetention(bytes: Buffer, now: Date): Retention | null {
  if (/<Retention[^<>]*(\/>|>\s*<\/Retention>)\s*$/.test(bytes.toString('utf8'))) return null;
  const { Mode: mode, RetainUntilDate: until } = parseXml(bytes, 'Retention');
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || typeof until !== 'string') throw malformed();
  const time = Date.parse(until);
  if (Number.isNaN(time)) throw malformed();
  return { mode, until: inFuture(time, now) };
}

function inFuture(time: number, now: Date): string {
  if (time <= now.getTime()) throw new S3Error('InvalidArgument', 'The retain until date must be in the future!');
  return new Date(time).toISOString();
}

/** Spread into a new version. Throws S3Error InvalidArgument, and InvalidRequest where the bucket has no locks. */
export function lockOfHeaders(request: S3Request, { settings }: PresentBucket): { readonly lock?: Lock } {
  const [mode, until, hold] = ['mode', 'retain-until-date', 'legal-hold'].map((name) => header(request, `x-amz-object-lock-${name}`));
  if ((mode ?? until ?? hold ?? null) === null) return {};
  if (bucketLock(settings) === null) throw noBucketLock();
  if ((mode === null) !== (until === null)) {
    throw new S3Error('InvalidArgument', 'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied');
  }
  if (hold !== null && hold !== 'ON' && hold !== 'OFF') throw new S3Error('InvalidArgument', 'Legal Hold must be either of ON or OFF');
  const held = hold === null ? {} : { legalHold: hold === 'ON' };
  if (typeof mode !== 'string' || typeof until !== 'string') return { lock: held };
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') throw new S3Error('InvalidArgument', 'Unknown wormMode directive.');
  const time = Date.parse(until);
  if (Number.isNaN(time)) throw new S3Error('InvalidArgument', 'The retain until date must be provided in ISO 8601 format');
  return { lock: { ...held, retention: { mode, until: inFuture(time, request.now()) } } };
}

/** What a read shows of a lock: to the bucket's owner, who may ask for it. */
export function lockHeaders({ auth, admitted }: Pick<S3Request, 'auth' | 'admitted'>, { retention, legalHold }: Lock = {}): Record<string, string> {
  if (admitted?.state.accountId !== auth.accountId) return {};
  return {
    ...(retention === undefined ? {} : { 'x-amz-object-lock-mode': retention.mode, 'x-amz-object-lock-retain-until-date': retention.until }),
    ...(legalHold === undefined ? {} : { 'x-amz-object-lock-legal-hold': legalHold ? 'ON' : 'OFF' }),
  };
}

/** Spread into the settings of a new bucket. */
export function lockOfNewBucket(request: S3Request): { readonly objectLock?: string } {
  return header(request, 'x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true' ? { objectLock: '{}' } : {};
}

export function noBucketLock(): S3Error { return new S3Error('InvalidRequest', 'Bucket is missing Object Lock Configuration'); }
