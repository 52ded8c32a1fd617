// One table's part of a unit of work: what became of each row that this batch touched, by primary key, and by the columns by which
// rows were loaded ahead.
import type { EntityMetadata } from 'typeorm';

export type Row = Record<string, unknown>;
type ColumnMetadata = EntityMetadata['columns'][number];

/** `insert` must not exist yet, `put` may; `patch` changes what is not loaded; `same` is what was read. */
export type Fate =
  | { readonly kind: 'insert' | 'put' | 'same'; readonly row: Row }
  | { readonly kind: 'patch'; readonly row: Row }
  | { readonly kind: 'changed'; readonly row: Row; readonly columns: ReadonlySet<string> }
  | { readonly kind: 'gone'; readonly row: Row }
  | { readonly kind: 'absent'; readonly row: Row };

/** Rows by some columns' values. Of `known` values every row of the database is here, so that nobody has to ask it. */
interface LookupIndex { readonly columns: readonly string[]; readonly known: Set<string>; readonly keys: Map<string, Set<string>> }

export class RowTable {
  private readonly byKey = new Map<string, Fate>();
  /** Of rows that are changed without having been read. */
  private readonly unread = new Set<string>();
  private readonly indexes = new Map<string, LookupIndex>();
  readonly keys: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnMetadata>;

  constructor(readonly metadata: EntityMetadata) {
    this.keys = metadata.primaryColumns.map(({ propertyName }) => propertyName);
    this.columns = new Map(metadata.columns.map((column) => [column.propertyName, column]));
  }

  get fates(): ReadonlyMap<string, Fate> {
    return this.byKey;
  }

  get patches(): ReadonlySet<string> {
    return this.unread;
  }

  set(key: string, fate: Fate): void {
    const before = this.byKey.get(key);
    this.byKey.set(key, fate);
    if (fate.kind === 'patch') this.unread.add(key);
    else this.unread.delete(key);
    for (const index of this.indexes.values()) {
      const [from, to] = [placeIn(index, before), placeIn(index, fate)];
      if (from === to) continue;
      if (from !== null) index.keys.get(from)?.delete(key);
      if (to !== null) addTo(index, to, key);
    }
  }

  clear(): void {
    this.byKey.clear();
    this.unread.clear();
    this.indexes.clear();
  }

  /** From here on every row of these values is known; `set` has had those of the database. */
  know(columns: readonly string[], wheres: readonly Readonly<Row>[]): void {
    const name = columns.join();
    let index = this.indexes.get(name);
    if (index === undefined) {
      index = { columns, known: new Set(), keys: new Map() };
      this.indexes.set(name, index);
      for (const [key, fate] of this.byKey) {
        const place = placeIn(index, fate);
        if (place !== null) addTo(index, place, key);
      }
    }
    for (const where of wheres) index.known.add(valuesOf(columns, this.part(where)));
  }

  /** Keys of the rows that may meet the condition, where all of them are known; else null. */
  candidates(where: Readonly<Row>): readonly string[] | null {
    const simple = simpleWheres(where);
    if (simple === null) return null;
    for (const { columns, known, keys } of this.indexes.values()) {
      if (!columns.every((name) => name in where)) continue;
      const places = simple.map((one) => valuesOf(columns, this.part(one)));
      if (places.every((place) => known.has(place))) return places.flatMap((place) => [...keys.get(place) ?? []]);
    }
    return null;
  }

  /** Null unless the condition names the whole primary key by single values. */
  keyIn(where: Readonly<Row>): string | null {
    let key = '';
    for (const name of this.keys) {
      const value = where[name];
      if (value === undefined || value === null || Array.isArray(value)) return null;
      key += `${String(value)}\0`;
    }
    return key;
  }

  keyOf(row: Readonly<Row>): string {
    return this.keyIn(row) ?? '';
  }

  /** Every column, each as it would come back from the database: what a fold reads may not depend on where a batch ended. */
  whole(values: Readonly<Row>): Row {
    const row: Row = {};
    for (const [name, column] of this.columns) row[name] = asStored(column, values[name]);
    return row;
  }

  part(values: Readonly<Row>): Row {
    const row: Row = {};
    for (const [name, value] of Object.entries(values)) {
      const column = this.columns.get(name);
      if (column !== undefined && value !== undefined) row[name] = asStored(column, value);
    }
    return row;
  }

  /** The condition as a function, its values brought into stored form once. */
  matcher(where: Readonly<Row>): (row: Readonly<Row>) => boolean {
    const wanted = Object.entries(where).map(([name, value]) => {
      const column = this.columns.get(name);
      if (column === undefined) return [name, new Set()] as const;
      return [name, new Set(Array.isArray(value) ? value.map((one) => asStored(column, one)) : [asStored(column, value)])] as const;
    });
    return (row) => wanted.every(([name, values]) => values.has(row[name]));
  }
}

/** One condition by single values for each value of a list, or null for what cannot be looked up so. */
export function simpleWheres(where: Readonly<Row>): readonly Readonly<Row>[] | null {
  let wheres: Readonly<Row>[] = [{}];
  for (const [name, value] of Object.entries(where)) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.some((one) => one === null || one === undefined || typeof one === 'object') || wheres.length * values.length > 1000) return null;
    wheres = values.flatMap((one) => wheres.map((before) => ({ ...before, [name]: one })));
  }
  return wheres;
}

function valuesOf(columns: readonly string[], row: Readonly<Row>): string {
  return JSON.stringify(columns.map((name) => row[name]));
}

/** Null for a row that is not there, or not read. */
function placeIn({ columns }: LookupIndex, fate: Fate | undefined): string | null {
  if (fate === undefined || fate.kind === 'patch' || fate.kind === 'gone' || fate.kind === 'absent') return null;
  return valuesOf(columns, fate.row);
}

function addTo({ keys }: LookupIndex, place: string, key: string): void {
  const there = keys.get(place);
  if (there === undefined) keys.set(place, new Set([key]));
  else there.add(key);
}

function asStored({ type }: ColumnMetadata, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (type === 'bigint' || type === 'numeric') return withoutZeros(String(value));
  if (type === 'jsonb' && typeof value === 'object') return JSON.parse(JSON.stringify(value)) as unknown;
  return value;
}

function withoutZeros(text: string): string {
  return /^-?(0|[1-9]\d*)$/.test(text) || !/^-?\d+$/.test(text) ? text : BigInt(text).toString();
}
