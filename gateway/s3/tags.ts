// Tags of objects and buckets (Amazon S3, "Categorizing your storage using tags" and "Tag restrictions").
import { S3Error } from './s3-error';
import { document, element, fields, malformed, parseXml } from './xml';

export type Tags = Readonly<Record<string, string>>;

export const mostObjectTags = 10;
export const mostBucketTags = 50;
const longestName = 128;
const longestValue = 256;

/** Throws S3Error InvalidTag, MalformedXML. */
export function parseTagging(bytes: Buffer, most: number): Tags {
  const set = parseXml(bytes, 'Tagging')['TagSet'];
  if (set === undefined) throw malformed();
  return tagsListed(fields(set)['Tag'], most);
}

/** Elements called Tag. Throws S3Error InvalidTag, MalformedXML. */
export function tagsListed(listed: unknown, most: number): Tags {
  return checked(Array.isArray(listed) ? listed.map((tag: unknown) => {
    const { Key: name, Value: value } = fields(tag);
    if (typeof name !== 'string' || typeof value !== 'string') throw malformed();
    return [name, value] as const;
  }) : [], most);
}

/** `a=1&b=2`, as x-amz-tagging has it. Throws S3Error InvalidArgument, InvalidTag. */
export function tagsOfHeader(text: string | null): Tags | undefined {
  if (text === null || text === '') return undefined;
  return checked([...new URLSearchParams(text)], mostObjectTags);
}

function checked(pairs: readonly (readonly [string, string])[], most: number): Tags {
  if (pairs.length > most) throw new S3Error('InvalidTag', `Tags cannot be more than ${most}`);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key');
  for (const [name, value] of pairs) {
    if (name === '' || name.length > longestName) throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid');
    if (value.length > longestValue) throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid');
    if (name.toLowerCase().startsWith('aws:')) throw new S3Error('InvalidTag', 'System tags cannot be added/updated by requester');
  }
  return Object.fromEntries(pairs);
}

export function taggingDocument(tags: Tags): string {
  return document('Tagging', { TagSet: element('TagSet', { Tag: Object.entries(tags).map(([name, value]) => element('Tag', { Key: name, Value: value })) }) });
}

export function tagCount(tags: Tags | undefined): Record<string, string> {
  const count = Object.keys(tags ?? {}).length;
  return count === 0 ? {} : { 'x-amz-tagging-count': String(count) };
}
