// Notification configurations as XML. Source: Amazon S3 API Reference, PutBucketNotificationConfiguration; the words of its refusals.
import { randomUUID } from 'node:crypto';
import {
  destinationOf, isEventName, overlapping, type DestinationKind, type KeyFilter, type NotificationConfiguration, type NotificationRule,
} from '@oort/subgraphs-storage';
import { S3Error } from './s3-error';
import { document, element, fields, malformed, parseXml, type Markup } from './xml';

type Fields = Readonly<Record<string, unknown>>;

const kinds: readonly DestinationKind[] = ['Topic', 'Queue', 'CloudFunction'];
/** Amazon S3 User Guide, "Amazon S3 event notifications": a bucket has at most so many. */
const mostRules = 100;
const longestFilter = 1024;
const longestId = 255;

/** `isKnown` tells of an ARN's account whether there is one. Throws S3Error MalformedXML, InvalidArgument. */
export function parseNotification(bytes: Buffer, check: { readonly destinations: boolean; isKnown(accountId: string): boolean }): NotificationConfiguration {
  const given = parseXml(bytes, 'NotificationConfiguration', true);
  const known = [...kinds.map((kind) => `${kind}Configuration`), 'EventBridgeConfiguration', '#text', '@_xmlns'];
  if (Object.keys(given).some((name) => !known.includes(name))) throw malformed();
  const rules = kinds.flatMap((kind) => many(given[`${kind}Configuration`]).map((rule) => parseRule(kind, fields(rule))));
  if (rules.length > mostRules) throw invalid(`A bucket has at most ${mostRules} notification configurations`);
  if (new Set(rules.map(({ id }) => id)).size < rules.length) throw invalid('Same ID used for multiple configurations. IDs must be unique.');
  const both = overlapping(rules);
  if (both !== null) throw invalid('Configurations overlap. Configurations on the same bucket cannot share a common event type.');
  if (check.destinations) for (const { kind, arn } of rules) checkDestination(kind, arn, (accountId) => check.isKnown(accountId));
  return { rules, bus: given['EventBridgeConfiguration'] !== undefined };
}

function parseRule(kind: DestinationKind, rule: Fields): NotificationRule {
  const [id = randomUUID(), arn, events] = [text(rule['Id']), text(rule[kind]), many(rule['Event'])];
  if (arn === undefined || events.length === 0) throw malformed();
  if (id === '' || id.length > longestId) throw invalid('ID length should not exceed allowed limit of 255');
  if (!/^arn:[\w-]+:(?:sns|sqs|lambda):[\w-]*:[\w-]*:.+$/.test(arn)) throw invalid('The ARN could not be parsed', { ArgumentName: kind, ArgumentValue: arn });
  const names = events.map((event) => {
    if (typeof event !== 'string' || !isEventName(event)) throw invalid('A specified event is not supported for notifications', { ArgumentName: 'Event', ArgumentValue: String(event) });
    return event;
  });
  return { id, kind, arn, events: names, ...filterOf(rule['Filter']) };
}

function filterOf(value: unknown): { readonly filter?: KeyFilter } {
  if (value === undefined) return {};
  const found = new Map<string, string>();
  for (const rule of many(fields(fields(value)['S3Key'])['FilterRule']).map(fields)) {
    const [name = '', of = ''] = [text(rule['Name'])?.toLowerCase(), text(rule['Value'])];
    if (name !== 'prefix' && name !== 'suffix') throw invalid('filter rule name must be either prefix or suffix', { ArgumentName: 'FilterRule.Name', ArgumentValue: name });
    if (found.has(name)) throw invalid(`Cannot specify more than one ${name} rule in a filter.`, { ArgumentName: 'FilterRule.Name', ArgumentValue: name });
    if (Buffer.byteLength(of) > longestFilter) throw invalid('Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation', { ArgumentName: 'FilterRule.Value', ArgumentValue: of });
    found.set(name, of);
  }
  return { filter: { prefix: found.get('prefix') ?? '', suffix: found.get('suffix') ?? '' } };
}

/** There are queues and topics of this platform's accounts, and no functions. */
function checkDestination(kind: DestinationKind, arn: string, isKnown: (accountId: string) => boolean): void {
  const destination = destinationOf(arn);
  if (destination?.kind === kind && isKnown(destination.accountId)) return;
  throw invalid('Unable to validate the following destination configurations', {
    ArgumentName1: arn, ArgumentValue1: destination === null || destination.kind !== kind ? 'The destination is no queue or topic of this platform' : 'There is no such account',
  });
}

function many(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function text(value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw malformed();
  return value;
}

function invalid(message: string, details: Readonly<Record<string, string>> = {}): S3Error { return new S3Error('InvalidArgument', message, {}, details); }

export function notificationDocument({ rules, bus }: NotificationConfiguration): string {
  return document('NotificationConfiguration', { rules: rules.map(ruleElement), EventBridgeConfiguration: bus ? element('EventBridgeConfiguration', {}) : null });
}

function ruleElement({ id, kind, arn, events, filter }: NotificationRule): Markup {
  const rules = filter === undefined ? [] : Object.entries({ Prefix: filter.prefix, Suffix: filter.suffix }).filter(([, value]) => value !== '');
  return element(`${kind}Configuration`, {
    Id: id, [kind]: arn, events: events.map((event) => element('Event', event)),
    Filter: filter === undefined ? null : element('Filter', { S3Key: element('S3Key', { rules: rules.map(([Name, Value]) => element('FilterRule', { Name, Value })) }) }),
  });
}
