// A client's filter as the store's, where the store can use an index for it, and as a test of each event where it cannot.
import { Malformed } from './refusals';
import type { Filter } from '@oort/kernel-eventstore';
import type { Expression, ReadOptions } from './messages';

export interface WireFilter {
  readonly filter?: Filter;
  passes(event: { readonly stream: string; readonly type: string }): boolean;
}

const longestRegex = 1000;
const everything: WireFilter = { passes: () => true };

/** Throws Malformed. */
export function wireFilter({ filterOption, filter }: ReadOptions): WireFilter {
  if (filterOption !== 'filter' || filter?.filter === undefined) return everything;
  const byType = filter.filter === 'eventType';
  const expression = byType ? filter.eventType : filter.streamIdentifier;
  if (expression === undefined || expression === null) return everything;
  if (byType && expression.regex !== '') {
    const types = literals(expression.regex);
    if (types !== null) return { ...everything, filter: { types } };
  }
  if (!byType && expression.regex === '') return { ...everything, filter: { streamPrefixes: expression.prefix } };
  const test = testOf(expression);
  return { passes: (event) => test(byType ? event.type : event.stream) };
}

/** The names, when it is an expression of exactly some names, `^(?:A|B)$`, as our own client sends it: then an index answers. */
function literals(regex: string): readonly string[] | null {
  const inner = /^\^\(\?:(.*)\)\$$/s.exec(regex)?.[1];
  if (inner === undefined || !/^(?:[\w|-]|\\[^\w])*$/s.test(inner)) return null;
  return inner.split(/(?<!\\)\|/).map((name) => name.replace(/\\(.)/gs, '$1'));
}

function testOf({ regex, prefix }: Expression): (name: string) => boolean {
  if (regex === '') return (name) => prefix.some((start) => name.startsWith(start));
  if (regex.length > longestRegex) throw new Malformed(`a filter's expression is at most ${longestRegex} characters long`);
  try {
    const expression = new RegExp(regex, 'u');
    return (name) => expression.test(name);
  } catch {
    throw new Malformed(`the filter's expression cannot be read: ${regex}`);
  }
}
