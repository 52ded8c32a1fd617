// PostgreSQL's text and jsonb take every Unicode text but two: U+0000, and surrogates without their other half
// (PostgreSQL 18 manual, 8.3 and 8.14). An event with one of them would stop a projection for ever, so each becomes U+FFFD.
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Json } from '@oort/kernel-wire';

/** The event itself, where nothing in it has to change. Cost: one look at each string. */
export function storable(event: RecordedEvent): RecordedEvent {
  return isStorable(event.data) ? event : { ...event, data: replaced(event.data) };
}

function isStorable(value: Json): boolean {
  if (typeof value === 'string') return isStorableText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isStorable);
  return Object.entries(value).every(([name, inner]) => isStorableText(name) && isStorable(inner));
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function replaced(value: Json): Json {
  if (typeof value === 'string') return replacedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(replaced);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [replacedText(name), replaced(inner)]));
}

function replacedText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
