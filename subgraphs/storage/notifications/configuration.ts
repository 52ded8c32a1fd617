// What a bucket tells to whom: its setting `notification`. Source: Amazon S3 User Guide, "Event notification types and destinations" and
// "Configuring event notifications using object key name filtering".

export type DestinationKind = 'Topic' | 'Queue' | 'CloudFunction';

/** Texts that a key starts and ends with, not encoded; empty ones fit every key. */
export interface KeyFilter { readonly prefix: string; readonly suffix: string }

export interface NotificationRule {
  readonly id: string;
  readonly kind: DestinationKind;
  readonly arn: string;
  /** As they were asked for, `s3:ObjectCreated:*` and the like. */
  readonly events: readonly string[];
  /** None where none was given, so that it is shown as it was put. */
  readonly filter?: KeyFilter;
}

export interface NotificationConfiguration { readonly rules: readonly NotificationRule[]; /** EventBridge was asked for. */ readonly bus: boolean }

export const eventNames: readonly string[] = [
  's3:ObjectCreated:Put', 's3:ObjectCreated:Post', 's3:ObjectCreated:Copy', 's3:ObjectCreated:CompleteMultipartUpload', 's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated', 's3:ObjectRestore:Post', 's3:ObjectRestore:Completed', 's3:ObjectRestore:Delete', 's3:ReducedRedundancyLostObject',
  's3:Replication:OperationFailedReplication', 's3:Replication:OperationMissedThreshold', 's3:Replication:OperationReplicatedAfterThreshold',
  's3:Replication:OperationNotTracked', 's3:LifecycleTransition', 's3:IntelligentTiering', 's3:ObjectAcl:Put', 's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated', 's3:ObjectTagging:Put', 's3:ObjectTagging:Delete',
];

const families = [...new Set(eventNames.flatMap((name) => (name.split(':').length === 3 ? [`${name.slice(0, name.lastIndexOf(':'))}:*`] : [])))];

/** `s3:ObjectAcl` has one event and no star. */
export function isEventName(name: string): boolean {
  return eventNames.includes(name) || (families.includes(name) && name !== 's3:ObjectAcl:*');
}

export function notificationConfiguration(document: string | undefined): NotificationConfiguration {
  if (document === undefined) return { rules: [], bus: false };
  const configuration: NotificationConfiguration = JSON.parse(document);
  return configuration;
}

/** `arn:oort:sqs::<account>:<name>` is a queue of that account, `arn:oort:sns::<account>:<name>` a topic. Null for every other. */
export function destinationOf(arn: string): { readonly kind: 'Queue' | 'Topic'; readonly accountId: string; readonly name: string } | null {
  const [, service, accountId = '', name = ''] = /^arn:oort:(sqs|sns)::([\w-]{1,80}):([\w.-]{1,256})$/.exec(arn) ?? [];
  return service === undefined ? null : { kind: service === 'sqs' ? 'Queue' : 'Topic', accountId, name };
}

export function tells({ events, filter = { prefix: '', suffix: '' } }: NotificationRule, name: string, key: string): boolean {
  return events.some((event) => covers(event, name)) && key.startsWith(filter.prefix) && key.endsWith(filter.suffix);
}

/** Two rules that would tell of the same: Amazon S3 refuses them, whatever their destinations. */
export function overlapping(rules: readonly NotificationRule[]): readonly [NotificationRule, NotificationRule] | null {
  for (const [place, rule] of rules.entries()) {
    const other = rules.slice(place + 1).find((later) => shareEvent(rule, later) && shareKey(rule.filter, later.filter));
    if (other !== undefined) return [rule, other];
  }
  return null;
}

function shareEvent(a: NotificationRule, b: NotificationRule): boolean {
  return a.events.some((left) => b.events.some((right) => covers(left, right) || covers(right, left)));
}

/** Some key has both prefixes when one starts the other, and both suffixes when one ends the other. */
function shareKey(a: KeyFilter = { prefix: '', suffix: '' }, b: KeyFilter = { prefix: '', suffix: '' }): boolean {
  return (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) && (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));
}

function covers(asked: string, name: string): boolean {
  return asked === name || (asked.endsWith(':*') && name.startsWith(asked.slice(0, -1)));
}
