import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from './s3-error';

const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

export type XmlValue = string | number | boolean | null | undefined | Markup | readonly Markup[];

/** Text that is markup already. */
export interface Markup { readonly markup: string }

/** `<name>…</name>` of fields in order; null and undefined fields are left out. */
export function element(name: string, content: Readonly<Record<string, XmlValue>> | string): Markup {
  const inner = typeof content === 'string' ? escapeXml(content) : Object.entries(content).map(([field, value]) => fieldOf(field, value)).join('');
  return { markup: `<${name}>${inner}</${name}>` };
}

export function document(name: string, content: Readonly<Record<string, XmlValue>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, content).markup.replace(`<${name}>`, `<${name} ${namespace}>`)}`;
}

export function errorDocument(code: string, message: string, details: Readonly<Record<string, string>>, resource: string, requestId: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('Error', { Code: code, Message: message, ...details, Resource: resource, RequestId: requestId }).markup}`;
}

function fieldOf(name: string, value: XmlValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return `<${name}>${escapeXml(String(value))}</${name}>`;
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (char) => escapes[char] ?? char);
}

// Keys like "007" must stay text, and blanks in a key are part of it. Numeric references (`&#34;`, as Go's encoder writes the quotes of an
// etag) are part of XML, though the parser calls them HTML's.
const parser = new XMLParser({ parseTagValue: false, trimValues: false, ignoreDeclaration: true, htmlEntities: true, isArray: (name) => ['CORSRule', 'Grant', 'Object', 'Part', 'Tag'].includes(name) });

/** The fields of the root element, which has some unless it may be empty. Throws S3Error MalformedXML. */
export function parseXml(bytes: Buffer, root: string, mayBeEmpty = false): Readonly<Record<string, unknown>> {
  const text = bytes.toString('utf8');
  if (/<!(DOCTYPE|ENTITY)/i.test(text) || XMLValidator.validate(text) !== true) throw malformed();
  const parsed: unknown = parser.parse(text);
  const value = fields(parsed)[root];
  if (mayBeEmpty && typeof value === 'string' && value.trim() === '') return {};
  if (typeof value !== 'object' || value === null) throw malformed();
  return fields(value);
}

export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function malformed(): S3Error {
  return new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema.');
}
