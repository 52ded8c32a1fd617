// One table's part of a unit of work: what became of each row that this batch touched, by primary key.
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

export class RowTable {
  readonly fates = new Map<string, Fate>();
  readonly keys: readonly string[];
  readonly columns: ReadonlyMap<string, ColumnMetadata>;

  constructor(readonly metadata: EntityMetadata) {
    this.keys = metadata.primaryColumns.map(({ propertyName }) => propertyName);
    this.columns = new Map(metadata.columns.map((column) => [column.propertyName, column]));
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

function asStored({ type }: ColumnMetadata, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (type === 'bigint' || type === 'numeric') return withoutZeros(String(value));
  if (type === 'jsonb' && typeof value === 'object') return JSON.parse(JSON.stringify(value)) as unknown;
  return value;
}

function withoutZeros(text: string): string {
  return /^-?(0|[1-9]\d*)$/.test(text) || !/^-?\d+$/.test(text) ? text : BigInt(text).toString();
}
