// Lifecycle configurations as XML, and what they say in headers. Source: Amazon S3 API Reference, PutBucketLifecycleConfiguration; the
// words of its refusals.
import { abortOf, expiryOf, lifecycleRules, needsTags, type Due, type LifecycleFilter, type LifecycleRule, type LifecycleTime, type NoncurrentTime, type PresentBucket, type StoredVersion } from '@oort/subgraphs-storage';
import { S3Error } from './s3-error';
import { document, element, fields, malformed, parseXml, type Markup } from './xml';

type Fields = Readonly<Record<string, unknown>>;

const mostRules = 1000;
const longestId = 255;
const mostKept = 100;
const largestSize = 2 ** 53 - 1;
const archives = ['GLACIER', 'DEEP_ARCHIVE'];
const otherClasses = ['STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR'];

/** Throws S3Error MalformedXML, InvalidArgument, InvalidRequest, InvalidStorageClass. */
export function parseLifecycle(bytes: Buffer): readonly LifecycleRule[] {
  const listed = many(parseXml(bytes, 'LifecycleConfiguration')['Rule']);
  if (listed.length === 0 || listed.length > mostRules) throw malformed();
  const rules = listed.map((rule, place) => parseRule(fields(rule), place));
  if (new Set(rules.map(({ id }) => id)).size < rules.length) throw invalid('Rule ID must be unique. Found same ID for more than one rule');
  return rules;
}

function parseRule(rule: Fields, place: number): LifecycleRule {
  const status = rule['Status'];
  if (status !== 'Enabled' && status !== 'Disabled') throw malformed();
  const id = text(rule['ID']) ?? `rule-${place + 1}`;
  if (id.length > longestId) throw invalid('ID length should not exceed allowed limit of 255');
  const filtered = rule['Filter'] !== undefined;
  if (filtered === (rule['Prefix'] !== undefined)) throw malformed();
  const filter = filtered ? parseFilter(rule['Filter']) : { prefix: text(rule['Prefix']) ?? '', tags: {} };
  const parsed: LifecycleRule = {
    id, enabled: status === 'Enabled', filtered, filter, ...expirationOf(rule['Expiration']), ...transitionOf(many(rule['Transition'])),
    ...noncurrentOf(rule), ...abortAfter(rule['AbortIncompleteMultipartUpload']),
  };
  checkRule(parsed);
  return parsed;
}

function checkRule(rule: LifecycleRule): void {
  const { filter, expiration, expiresMarkers, transition, noncurrentExpiration, noncurrentTransition, abortUploadsDays } = rule;
  const actions = [expiration, expiresMarkers, transition, noncurrentExpiration, noncurrentTransition, abortUploadsDays];
  if (actions.every((action) => action === undefined)) throw new S3Error('InvalidRequest', 'At least one action needs to be specified in a rule');
  const tagged = Object.keys(filter.tags).length > 0;
  if (tagged && expiresMarkers !== undefined) throw new S3Error('InvalidRequest', 'ExpiredObjectDeleteMarker cannot be specified with Tags');
  if (tagged && abortUploadsDays !== undefined) throw new S3Error('InvalidRequest', 'AbortIncompleteMultipartUpload cannot be specified with Tags');
  if ((filter.largerThan !== undefined || filter.smallerThan !== undefined) && abortUploadsDays !== undefined) {
    throw new S3Error('InvalidRequest', 'AbortIncompleteMultipartUpload cannot be specified with Object Size');
  }
  if (filter.largerThan !== undefined && filter.smallerThan !== undefined && filter.largerThan >= filter.smallerThan) {
    throw new S3Error('InvalidRequest', "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.");
  }
  if (expiration === undefined || transition === undefined) return;
  if ('days' in expiration !== 'days' in transition) {
    throw new S3Error('InvalidRequest', `Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for prefix '${filter.prefix}'`);
  }
  const [end, move] = [expiration, transition].map((time) => ('days' in time ? time.days : Date.parse(time.date)));
  const unit = 'days' in expiration ? 'Days' : 'Date';
  if ((end ?? 0) <= (move ?? 0)) {
    throw invalid(`'${unit}' in the Expiration action for prefix '${filter.prefix}' must be ${unit === 'Days' ? 'greater' : 'later'} than '${unit}' in the Transition action`);
  }
}

/** One condition, or two and more under And. */
function parseFilter(value: unknown): LifecycleFilter {
  const outer = fields(value);
  const isJoined = outer['And'] !== undefined;
  const inner = isJoined ? fields(outer['And']) : outer;
  const tags = many(inner['Tag']).map((tag) => {
    const { Key: name, Value: of } = fields(tag);
    if (typeof name !== 'string' || name === '' || typeof of !== 'string') throw malformed();
    return [name, of] as const;
  });
  const [larger, smaller] = ['ObjectSizeGreaterThan', 'ObjectSizeLessThan'].map((name) => (inner[name] === undefined ? undefined : whole(inner[name], name, 0, largestSize)));
  const conditions = tags.length + [inner['Prefix'], larger, smaller].filter((each) => each !== undefined).length;
  if (isJoined ? conditions < 2 || Object.keys(outer).length > 1 : conditions > 1) throw malformed();
  if (new Set(tags.map(([name]) => name)).size < tags.length) throw new S3Error('InvalidRequest', 'Duplicate Tag Keys are not allowed.');
  return {
    prefix: text(inner['Prefix']) ?? '', tags: Object.fromEntries(tags),
    ...(larger === undefined ? {} : { largerThan: larger }), ...(smaller === undefined ? {} : { smallerThan: smaller }),
  };
}

function expirationOf(value: unknown): Pick<LifecycleRule, 'expiration' | 'expiresMarkers'> {
  if (value === undefined) return {};
  const given = fields(value);
  const marker = given['ExpiredObjectDeleteMarker'];
  if ([given['Days'], given['Date'], marker].filter((each) => each !== undefined).length !== 1) throw malformed();
  if (marker === undefined) return { expiration: timeOf(given, 'Expiration') };
  if (marker !== 'true' && marker !== 'false') throw malformed();
  return marker === 'true' ? { expiresMarkers: true } : {};
}

/** There is one class to move to, under two names. */
function transitionOf(listed: readonly unknown[]): Pick<LifecycleRule, 'transition'> {
  const [value, ...more] = listed;
  if (value === undefined) return {};
  if (more.length > 0) throw new S3Error('NotImplemented', 'A rule moves objects once here: there is one archive.');
  const given = fields(value);
  if ((given['Days'] === undefined) === (given['Date'] === undefined)) throw malformed();
  return { transition: { ...timeOf(given, 'Transition'), storageClass: classOf(given) } };
}

function noncurrentOf(rule: Fields): Pick<LifecycleRule, 'noncurrentExpiration' | 'noncurrentTransition'> {
  const [expiration, transitions] = [rule['NoncurrentVersionExpiration'], many(rule['NoncurrentVersionTransition'])];
  if (transitions.length > 1) throw new S3Error('NotImplemented', 'A rule moves versions once here: there is one archive.');
  const [transition] = transitions;
  return {
    ...(expiration === undefined ? {} : { noncurrentExpiration: noncurrentTime(fields(expiration), 'NoncurrentVersionExpiration') }),
    ...(transition === undefined ? {} : {
      noncurrentTransition: { ...noncurrentTime(fields(transition), 'NoncurrentVersionTransition'), storageClass: classOf(fields(transition)) },
    }),
  };
}

function noncurrentTime(given: Fields, action: string): NoncurrentTime {
  const days = positive(given['NoncurrentDays'], 'NoncurrentDays', action);
  const keep = given['NewerNoncurrentVersions'];
  return { days, ...(keep === undefined ? {} : { keep: whole(keep, 'NewerNoncurrentVersions', 1, mostKept) }) };
}

function abortAfter(value: unknown): Pick<LifecycleRule, 'abortUploadsDays'> {
  if (value === undefined) return {};
  return { abortUploadsDays: positive(fields(value)['DaysAfterInitiation'], 'DaysAfterInitiation', 'AbortIncompleteMultipartUpload') };
}

function timeOf(given: Fields, action: string): LifecycleTime {
  if (given['Days'] !== undefined) return { days: action === 'Transition' && given['Days'] === '0' ? 0 : positive(given['Days'], 'Days', action) };
  const moment = Date.parse(text(given['Date']) ?? '');
  if (Number.isNaN(moment)) throw malformed();
  if (moment % 86_400_000 !== 0) throw invalid("'Date' must be at midnight GMT");
  return { date: new Date(moment).toISOString() };
}

function classOf(given: Fields): string {
  const name = text(given['StorageClass']) ?? '';
  if (archives.includes(name)) return name;
  if (otherClasses.includes(name)) throw new S3Error('InvalidStorageClass', 'Objects move to GLACIER or DEEP_ARCHIVE here.');
  throw malformed();
}

function positive(value: unknown, name: string, action: string): number {
  if (typeof value !== 'string' || !/^[+-]?\d+$/.test(value.trim())) throw malformed();
  const number = Number(value);
  if (number < 1 || number > 2 ** 31 - 1) throw invalid(`'${name}' for ${action} action must be a positive integer`);
  return number;
}

function whole(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'string' || !/^[+-]?\d+$/.test(value.trim())) throw malformed();
  const number = Number(value);
  if (number < least || number > most) throw invalid(`'${name}' must be an integer from ${least} to ${most}`);
  return number;
}

function many(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function text(value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw malformed();
  return value;
}

function invalid(message: string): S3Error { return new S3Error('InvalidArgument', message); }

export function lifecycleDocument(rules: readonly LifecycleRule[]): string {
  return document('LifecycleConfiguration', { Rule: rules.map(ruleElement) });
}

function ruleElement(rule: LifecycleRule): Markup {
  const { id, enabled, filtered, filter, expiration, expiresMarkers, transition, noncurrentExpiration, noncurrentTransition, abortUploadsDays } = rule;
  return element('Rule', {
    ID: id, ...(filtered ? { Filter: filterElement(filter) } : { Prefix: filter.prefix }), Status: enabled ? 'Enabled' : 'Disabled',
    Expiration: expiration !== undefined ? element('Expiration', shownTime(expiration)) : expiresMarkers === true ? element('Expiration', { ExpiredObjectDeleteMarker: true }) : null,
    Transition: transition === undefined ? null : element('Transition', { ...shownTime(transition), StorageClass: transition.storageClass }),
    NoncurrentVersionTransition: noncurrentTransition === undefined ? null : element('NoncurrentVersionTransition', { ...shownNoncurrent(noncurrentTransition), StorageClass: noncurrentTransition.storageClass }),
    NoncurrentVersionExpiration: noncurrentExpiration === undefined ? null : element('NoncurrentVersionExpiration', shownNoncurrent(noncurrentExpiration)),
    AbortIncompleteMultipartUpload: abortUploadsDays === undefined ? null : element('AbortIncompleteMultipartUpload', { DaysAfterInitiation: abortUploadsDays }),
  });
}

function filterElement({ prefix, tags, largerThan, smallerThan }: LifecycleFilter): Markup {
  const named = Object.entries(tags).map(([name, value]) => element('Tag', { Key: name, Value: value }));
  const conditions = named.length + [largerThan, smallerThan, prefix === '' ? undefined : prefix].filter((each) => each !== undefined).length;
  const content = { Prefix: prefix === '' && conditions > 0 ? null : prefix, Tag: named, ObjectSizeGreaterThan: largerThan, ObjectSizeLessThan: smallerThan };
  return element('Filter', conditions > 1 ? { And: element('And', content) } : content);
}

function shownTime(time: LifecycleTime): Record<string, string | number> {
  return 'days' in time ? { Days: time.days } : { Date: time.date };
}

function shownNoncurrent({ days, keep }: NoncurrentTime): Record<string, number | undefined> {
  return { NewerNoncurrentVersions: keep, NoncurrentDays: days };
}

/** `x-amz-expiration` of a current version. */
export function expirationHeader({ settings }: PresentBucket, version: StoredVersion, storedAt: string, dayMs: number): Record<string, string> {
  const rules = rulesOf(settings.lifecycle);
  if (rules.length === 0) return {};
  const tags = needsTags(rules) ? version.tags ?? {} : {};
  const due = expiryOf(rules, { key: version.key, sizeBytes: version.sizeBytes, storedAt, tags }, dayMs);
  return due === null ? {} : { 'x-amz-expiration': `expiry-date="${new Date(due.at).toUTCString()}", rule-id="${encodeURIComponent(due.rule)}"` };
}

/** `x-amz-abort-date` and `x-amz-abort-rule-id` of an upload. */
export function abortHeaders({ settings }: PresentBucket, upload: { readonly key: string; readonly startedAt: string }, dayMs: number): Record<string, string> {
  const due: Due | null = abortOf(rulesOf(settings.lifecycle), upload, dayMs);
  return due === null ? {} : { 'x-amz-abort-date': new Date(due.at).toUTCString(), 'x-amz-abort-rule-id': due.rule };
}

/** A document is parsed once, not for every read of its bucket. */
const known = new Map<string, readonly LifecycleRule[]>();
const mostKnown = 1000;

function rulesOf(text: string | undefined): readonly LifecycleRule[] {
  if (text === undefined) return [];
  const found = known.get(text);
  if (found !== undefined) return found;
  const rules = lifecycleRules(text);
  if (known.size >= mostKnown) known.clear();
  known.set(text, rules);
  return rules;
}
