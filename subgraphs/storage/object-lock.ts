// What keeps a version from being deleted. Source: Amazon S3 User Guide, "Locking objects with Object Lock": a legal hold keeps it until
// it is lifted; a retention until its time; governance yields to whoever may bypass it and says so, compliance to nobody.
import type { ObjectLock, Retention } from '@oort/schema/events/storage';
import type { BucketSettings } from './state';

/** The bucket's setting `objectLock`. */
export interface BucketLock { readonly rule?: { readonly mode: Retention['mode'] } & ({ readonly days: number } | { readonly years: number }) }

/** Null where the bucket has no locks. */
export function bucketLock({ objectLock }: BucketSettings): BucketLock | null {
  if (objectLock === undefined) return null;
  const lock: BucketLock = JSON.parse(objectLock);
  return lock;
}

/** The retention that a new version begins with where the writer named none. */
export function defaultRetention({ rule }: BucketLock, now: Date): Retention | null {
  if (rule === undefined) return null;
  const until = new Date(now);
  if ('days' in rule) until.setUTCDate(until.getUTCDate() + rule.days);
  else until.setUTCFullYear(until.getUTCFullYear() + rule.years);
  return { mode: rule.mode, until: until.toISOString() };
}

export function mayDelete({ retention, legalHold }: ObjectLock, now: Date, bypass: boolean): boolean {
  if (legalHold === true) return false;
  return retention === undefined || !holds(retention, now) || (retention.mode === 'GOVERNANCE' && bypass);
}

/** Longer is always allowed; shorter, another mode or none only by bypassing governance. */
export function mayRetain(before: Retention | undefined, after: Retention | null, now: Date, bypass: boolean): boolean {
  if (before === undefined || !holds(before, now)) return true;
  if (after !== null && after.mode === before.mode && Date.parse(after.until) >= Date.parse(before.until)) return true;
  return before.mode === 'GOVERNANCE' && bypass;
}

function holds({ until }: Retention, now: Date): boolean { return Date.parse(until) > now.getTime(); }
