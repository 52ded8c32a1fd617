// U+0000 and half surrogate pairs are no text for PostgreSQL, for JSON's readers (RFC 8259, 8.2) or for a person: they are
// refused here, in variables and in literals, so that nothing behind has to think of them.
import { BREAK, GraphQLError, visit, type DocumentNode } from 'graphql';

/** Null when all text is text. */
export function beyondText(document: DocumentNode, variables: Readonly<Record<string, unknown>>): GraphQLError | null {
  let plain = isPlain(variables);
  visit(document, {
    StringValue({ value }) {
      if (isPlain(value)) return undefined;
      plain = false;
      return BREAK;
    },
  });
  return plain ? null : new GraphQLError('A text holds U+0000 or half of a surrogate pair.', { extensions: { code: 'BAD_USER_INPUT' } });
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isPlain(name) && isPlain(inner));
}
