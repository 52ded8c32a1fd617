// Rules of streams that every store keeps alike.
import { WrongExpectedRevision } from './faults';
import type { ExpectedRevision, Filter } from './port';

/** An event of this type ends its stream: reading or appending throws StreamDeleted from then on. */
export const tombstoneType = '$streamDeleted';

/** `mission-mission_01H…` is of category `mission`. */
export function categoryOf(stream: string): string {
  const dash = stream.indexOf('-');
  return dash < 0 ? stream : stream.slice(0, dash);
}

export function mustMatch(stream: string, expected: ExpectedRevision, actual: bigint | null): void {
  const matches = expected === 'any'
    || (expected === 'no-stream' ? actual === null : expected === 'stream-exists' ? actual !== null : actual === expected);
  if (!matches) throw new WrongExpectedRevision(stream, expected, actual);
}

export function passes(filter: Filter | undefined, event: { readonly stream: string; readonly type: string }): boolean {
  if (filter === undefined) return true;
  const { streamPrefixes, types } = filter;
  if (types !== undefined && !types.includes(event.type)) return false;
  return streamPrefixes === undefined || streamPrefixes.some((prefix) => event.stream.startsWith(prefix));
}
