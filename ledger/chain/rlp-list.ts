// Reads one list of RLP (Yellow Paper, appendix B) as views of its bytes. Only the canonical encoding is taken, and nothing behind its end.
import { Fault } from '@oort/kernel-wire';

export type Item = Uint8Array | readonly Item[];

export class MalformedRlp extends Fault {
  constructor() {
    super('MALFORMED_RLP', 'the bytes are not the canonical RLP of a list');
  }
}

const [shortString, longString, shortList, longList] = [0x80, 0xb8, 0xc0, 0xf8];
/** Shorter content has a header of one byte. */
const shortest = 56;

export function readList(wire: Uint8Array): readonly Item[] {
  const { isList, start, end } = headerAt(wire, 0, wire.length);
  if (!isList || end !== wire.length) throw new MalformedRlp();
  return itemsOf(wire, start, end);
}

function itemsOf(wire: Uint8Array, from: number, to: number): readonly Item[] {
  const items: Item[] = [];
  for (let at = from; at < to;) {
    const { isList, start, end } = headerAt(wire, at, to);
    items.push(isList ? itemsOf(wire, start, end) : wire.subarray(start, end));
    at = end;
  }
  return items;
}

function headerAt(wire: Uint8Array, at: number, most: number): { readonly isList: boolean; readonly start: number; readonly end: number } {
  const first = wire[at];
  if (first === undefined) throw new MalformedRlp();
  if (first < shortString) return { isList: false, start: at, end: at + 1 };
  const isList = first >= shortList;
  const long = isList ? longList : longString;
  let start = at + 1;
  let length = first - (isList ? shortList : shortString);
  if (first >= long) {
    const digits = first - long + 1;
    start += digits;
    length = 0;
    // A length of more than 6 bytes is longer than anything.
    if (digits > 6 || start > most || wire[at + 1] === 0) throw new MalformedRlp();
    for (let digit = at + 1; digit < start; digit += 1) length = length * 256 + (wire[digit] ?? 0);
    if (length < shortest) throw new MalformedRlp();
  } else if (!isList && length === 1 && (wire[start] ?? 0) < shortString) throw new MalformedRlp();
  const end = start + length;
  if (end > most) throw new MalformedRlp();
  return { isList, start, end };
}
