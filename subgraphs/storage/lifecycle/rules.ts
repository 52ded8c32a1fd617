// What lifecycle rules say of a version, and when. Source: Amazon S3, "Managing the lifecycle of objects": ages count from the upload, or
// from when a version was replaced, and end with the day in which they are reached.

export interface LifecycleFilter {
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Bytes, exclusive. */
  readonly largerThan?: number;
  readonly smallerThan?: number;
}

/** After so many days, or on a day (ISO 8601, midnight UTC). */
export type LifecycleTime = { readonly days: number } | { readonly date: string };

export interface NoncurrentTime { readonly days: number; /** So many newer noncurrent versions stay, however old. */ readonly keep?: number }

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  /** An old document names its prefix beside the rule, not in a filter. */
  readonly filtered: boolean;
  readonly filter: LifecycleFilter;
  readonly expiration?: LifecycleTime;
  /** Delete markers with no version behind them go. */
  readonly expiresMarkers?: boolean;
  readonly transition?: LifecycleTime & { readonly storageClass: string };
  readonly noncurrentExpiration?: NoncurrentTime;
  readonly noncurrentTransition?: NoncurrentTime & { readonly storageClass: string };
  readonly abortUploadsDays?: number;
}

/** As the rules need to know it. */
export interface Aged {
  readonly key: string;
  readonly sizeBytes: number;
  readonly storedAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Due { readonly rule: string; readonly at: number }

export const realDayMs = 86_400_000;

export function lifecycleRules(document: string | undefined): readonly LifecycleRule[] {
  if (document === undefined) return [];
  const rules: readonly LifecycleRule[] = JSON.parse(document);
  return rules;
}

export function needsTags(rules: readonly LifecycleRule[]): boolean {
  return rules.some(({ filter }) => Object.keys(filter.tags).length > 0);
}

/** When the current version goes, by the rule that comes first; null where none says. */
export function expiryOf(rules: readonly LifecycleRule[], object: Aged, dayMs: number): Due | null {
  return first(rules, object, (rule) => (rule.expiration === undefined ? null : momentOf(rule.expiration, object.storedAt, dayMs)));
}

export function transitionOf(rules: readonly LifecycleRule[], object: Aged, dayMs: number): Due | null {
  return first(rules, object, (rule) => (rule.transition === undefined ? null : momentOf(rule.transition, object.storedAt, dayMs)));
}

/** `since` is when it was replaced, `newer` how many noncurrent versions of its key are newer. */
export function noncurrentExpiryOf(rules: readonly LifecycleRule[], version: Aged, { since, newer }: { readonly since: string; readonly newer: number }, dayMs: number): Due | null {
  return first(rules, version, ({ noncurrentExpiration: time }) => (time === undefined || newer < (time.keep ?? 0) ? null : afterDays(since, time.days, dayMs)));
}

export function noncurrentTransitionOf(rules: readonly LifecycleRule[], version: Aged, { since, newer }: { readonly since: string; readonly newer: number }, dayMs: number): Due | null {
  return first(rules, version, ({ noncurrentTransition: time }) => (time === undefined || newer < (time.keep ?? 0) ? null : afterDays(since, time.days, dayMs)));
}

/** Of a delete marker that hides nothing any more. */
export function markerExpiryOf(rules: readonly LifecycleRule[], marker: Aged, dayMs: number): Due | null {
  return first(rules, marker, (rule) => {
    if (rule.expiresMarkers === true) return Date.parse(marker.storedAt);
    return rule.expiration === undefined || !('days' in rule.expiration) ? null : momentOf(rule.expiration, marker.storedAt, dayMs);
  });
}

export function abortOf(rules: readonly LifecycleRule[], upload: { readonly key: string; readonly startedAt: string }, dayMs: number): Due | null {
  const begun = { key: upload.key, sizeBytes: 0, storedAt: upload.startedAt, tags: {} };
  return first(rules, begun, ({ abortUploadsDays: days }) => (days === undefined ? null : afterDays(upload.startedAt, days, dayMs)), false);
}

function first(rules: readonly LifecycleRule[], object: Aged, momentIn: (rule: LifecycleRule) => number | null, sized = true): Due | null {
  let soonest: Due | null = null;
  for (const rule of rules) {
    if (!rule.enabled || !matches(rule.filter, object, sized)) continue;
    const at = momentIn(rule);
    if (at !== null && (soonest === null || at < soonest.at)) soonest = { rule: rule.id, at };
  }
  return soonest;
}

function matches({ prefix, tags, largerThan, smallerThan }: LifecycleFilter, object: Aged, sized: boolean): boolean {
  return object.key.startsWith(prefix) && Object.entries(tags).every(([name, value]) => object.tags[name] === value)
    && (!sized || ((largerThan === undefined || object.sizeBytes > largerThan) && (smallerThan === undefined || object.sizeBytes < smallerThan)));
}

function momentOf(time: LifecycleTime, from: string, dayMs: number): number {
  return 'date' in time ? Date.parse(time.date) : afterDays(from, time.days, dayMs);
}

/** A shortened day is for tests, which do not wait for midnight. */
function afterDays(from: string, days: number, dayMs: number): number {
  const reached = Date.parse(from) + days * dayMs;
  return dayMs === realDayMs ? Math.ceil(reached / realDayMs) * realDayMs : reached;
}
