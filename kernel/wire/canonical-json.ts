// RFC 8785, JSON Canonicalization Scheme: one text per value, so that a hash or a signature over it means something.
import { Fault } from './fault';
import type { Json } from './json';

export class NotJson extends Fault {
  constructor(what: string) {
    super('NOT_JSON', `no JSON text for ${what}`);
  }
}

/** Members sorted by UTF-16 code units (3.2.3), numbers as ECMAScript prints them (3.2.2.3), no whitespace. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return stringText(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new NotJson(typeof value);
  const members = value as { readonly [key: string]: Json };
  const texts = Object.keys(members).sort().map((key) => `${stringText(key)}:${canonicalJson(members[key] as Json)}`);
  return `{${texts.join(',')}}`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new NotJson(String(value));
  return JSON.stringify(value);
}

/** Lone surrogates have no UTF-8 form and are refused (3.2.2.2). */
function stringText(value: string): string {
  if (!value.isWellFormed()) throw new NotJson('a string with a lone surrogate');
  return JSON.stringify(value);
}
