// What a card says that the platform acts on; the rest is its publisher's.
import type { Json } from '@oort/kernel-wire';

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** Why no version may have this card; null when one may. */
export function problemOfCard(card: Json): string | null {
  if (card === null || typeof card !== 'object' || Array.isArray(card)) return 'A card is an object.';
  return licenceEnd(card) === undefined ? "A card's licenceExpiresAt is a time as RFC 3339 has it, like 2030-01-01T00:00:00Z, or null." : null;
}

/** In UTC, to the millisecond, as devices compare it; null for a licence that does not end, undefined for what is no time. */
export function licenceEnd(card: Json): string | null | undefined {
  const { licenceExpiresAt: end = null } = (card ?? {}) as { readonly licenceExpiresAt?: Json };
  if (end === null) return null;
  if (typeof end !== 'string' || !rfc3339.test(end) || Number.isNaN(Date.parse(end))) return undefined;
  return new Date(end).toISOString();
}
