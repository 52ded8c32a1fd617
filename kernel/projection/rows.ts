// What a fold sees: the rows of its own tables. Changes stay in memory until the batch ends and are then written in bulk,
// so a batch costs a few statements and not one for each event; what is read back is what a write would have left.
import type { DataSource, EntityManager, EntitySchema } from 'typeorm';
import { Fault } from '@oort/kernel-wire';
import { selectMany, selectRows, writeFates } from './bulk-sql';
import { RowTable, simpleWheres, type Fate, type Row } from './row-table';

export class RowRefused extends Fault {
  constructor(what: string, table: string, key: unknown) {
    super('ROW_REFUSED', `${what} in ${table}: ${JSON.stringify(key)}`, { table });
  }
}

/** Each column equals its value, is one of a list, or is null. */
export type Where<R> = { readonly [K in keyof R]?: R[K] | readonly R[K][] | null };

/** A question that a fold is going to ask. */
export interface Lookup { readonly table: RowTable; readonly where: Row }

export class Rows {
  constructor(
    protected readonly database: DataSource, protected readonly manager: EntityManager,
    protected readonly tables: Map<EntitySchema<object>, RowTable> = new Map(),
  ) {}

  /** Reads in one statement for each table and set of columns what would else be a statement for each of these conditions.
   *  Only before the first change. */
  async load(lookups: readonly Lookup[]): Promise<void> {
    for (const { table, columns, wheres } of grouped(lookups)) {
      for (const row of await selectMany(table, columns, wheres, this.manager)) {
        const key = table.keyOf(row);
        if (!table.fates.has(key)) table.set(key, { kind: 'same', row });
      }
      table.know(columns, wheres);
      if (columns.length > table.keys.length || !table.keys.every((name) => columns.includes(name))) continue;
      for (const where of wheres) {
        const key = table.keyOf(where);
        if (!table.fates.has(key)) table.set(key, { kind: 'absent', row: where });
      }
    }
  }

  /** Refuses a row that is there already, at the latest when the batch ends. */
  async insert<R extends object>(entity: EntitySchema<R>, given: R | readonly R[]): Promise<void> {
    const table = this.table(entity);
    for (const row of listed(given)) {
      const whole = table.whole(row as Row);
      const key = table.keyOf(whole);
      const fate = table.fates.get(key);
      if (fate?.kind === 'patch') await this.loadOne(table, key, fate.row);
      const known = table.fates.get(key);
      if (known !== undefined && rowOf(known) !== null) throw new RowRefused('there is one already', table.metadata.tableName, this.keyValues(table, whole));
      table.set(key, { kind: known?.kind === 'gone' ? 'put' : 'insert', row: whole });
    }
  }

  /** Inserts, or replaces the row with this primary key. */
  put<R extends object>(entity: EntitySchema<R>, given: R | readonly R[]): Promise<void> {
    const table = this.table(entity);
    for (const row of listed(given)) {
      const whole = table.whole(row as Row);
      table.set(table.keyOf(whole), { kind: 'put', row: whole });
    }
    return done;
  }

  /** Changes what is there; where nothing is, nothing happens. */
  async update<R extends object>(entity: EntitySchema<R>, where: Where<R>, changes: Partial<R>): Promise<void> {
    const table = this.table(entity);
    const key = this.soleKey(table, where);
    const part = table.part(changes);
    if (key !== null) return change(table, key, part, where);
    for (const row of await this.matching(table, where)) change(table, table.keyOf(row), part, row);
  }

  async delete<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<void> {
    const table = this.table(entity);
    const key = this.soleKey(table, where);
    if (key !== null) return remove(table, key, table.part(where));
    for (const row of await this.matching(table, where)) remove(table, table.keyOf(row), row);
  }

  /** Adds to a count; where no row is, nothing happens. */
  async increment<R extends object>(entity: EntitySchema<R>, where: Where<R>, column: keyof R & string, by: number | bigint): Promise<void> {
    for (const row of await this.find(entity, where)) {
      const value: unknown = row[column];
      const sum = typeof value === 'number' ? value + Number(by) : (BigInt(String(value)) + BigInt(by)).toString();
      const table = this.table(entity);
      change(table, table.keyOf(row as Row), { [column]: sum }, row as Row);
    }
  }

  async find<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<readonly R[]> {
    return (await this.matching(this.table(entity), where)) as readonly unknown[] as readonly R[];
  }

  async findOne<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<R | null> {
    return (await this.find(entity, where))[0] ?? null;
  }

  /** Throws RowRefused where a bug or an event that is not there left no row. */
  async get<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<R> {
    const row = await this.findOne(entity, where);
    if (row === null) throw new RowRefused('there is none', this.table(entity).metadata.tableName, where);
    return row;
  }

  /** SQL over the projection's tables, named without a schema. Cost: everything held back is written before. */
  async query(sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    await this.flush();
    return this.manager.query(sql, [...values]);
  }

  async flush(): Promise<void> {
    for (const table of this.tables.values()) {
      await writeFates(table, this.manager);
      table.clear();
    }
  }

  protected table<R extends object>(entity: EntitySchema<R>): RowTable {
    const schema = entity as unknown as EntitySchema<object>;
    let table = this.tables.get(schema);
    if (table === undefined) this.tables.set(schema, table = new RowTable(this.database.getMetadata(schema)));
    return table;
  }

  protected soleKey(table: RowTable, where: Row): string | null {
    return Object.keys(where).length === table.keys.length ? table.keyIn(where) : null;
  }

  private keyValues(table: RowTable, row: Row): readonly unknown[] {
    return table.keys.map((name) => row[name]);
  }

  /** Rows of the database as this batch left them, and rows that only this batch knows. */
  protected async matching(table: RowTable, where: Row): Promise<readonly Row[]> {
    const key = table.keyIn(where);
    if (key !== null) {
      const fate = table.fates.get(key) ?? await this.loadOne(table, key, where);
      const row = rowOf(fate.kind === 'patch' ? await this.loadOne(table, key, fate.row) : fate);
      return row !== null && table.matcher(where)(row) ? [{ ...row }] : [];
    }
    // A change of a row that is not loaded could make it match, which the database cannot know yet.
    for (const patchedKey of [...table.patches]) {
      const fate = table.fates.get(patchedKey);
      if (fate !== undefined && Object.keys(where).some((name) => name in fate.row)) await this.loadOne(table, patchedKey, fate.row);
    }
    const known = this.known(table, where);
    if (known !== null) return known;
    for (const row of await selectRows(table, where, this.manager)) {
      const found = table.keyOf(row);
      const fate = table.fates.get(found);
      if (fate === undefined) table.set(found, { kind: 'same', row });
      if (fate?.kind === 'patch') table.set(found, patchedOver(row, fate.row));
    }
    return chosen(table, table.fates.values(), where);
  }

  /** What matches, where all that may match was loaded; else null. */
  protected known(table: RowTable, where: Row): readonly Row[] | null {
    const keys = table.candidates(where);
    if (keys === null) return null;
    return chosen(table, keys.flatMap((key) => table.fates.get(key) ?? []), where);
  }

  private async loadOne(table: RowTable, key: string, where: Row): Promise<Fate> {
    const patch = table.fates.get(key);
    const wanted = Object.fromEntries(table.keys.map((name) => [name, where[name]]));
    const [row] = await selectRows(table, wanted, this.manager);
    const fate: Fate = row === undefined ? { kind: 'absent', row: wanted } : patch?.kind === 'patch' ? patchedOver(row, patch.row) : { kind: 'same', row };
    table.set(key, fate);
    return fate;
  }
}

const done = Promise.resolve();

function chosen(table: RowTable, fates: Iterable<Fate>, where: Row): readonly Row[] {
  const matches = table.matcher(where);
  const rows: { readonly key: string; readonly row: Row }[] = [];
  for (const fate of fates) {
    const row = fate.kind === 'patch' ? null : rowOf(fate);
    if (row !== null && matches(row)) rows.push({ key: table.keyOf(row), row: { ...row } });
  }
  return rows.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ row }) => row);
}

interface Group { readonly table: RowTable; readonly columns: readonly string[]; readonly wheres: readonly Row[] }

function grouped(lookups: readonly Lookup[]): readonly Group[] {
  const groups = new Map<RowTable, Map<string, { readonly columns: readonly string[]; readonly wheres: Map<string, Row> }>>();
  for (const { table, where } of lookups) {
    const columns = Object.keys(where).sort();
    const ofTable = groups.get(table) ?? new Map<string, { readonly columns: readonly string[]; readonly wheres: Map<string, Row> }>();
    groups.set(table, ofTable);
    const group = ofTable.get(columns.join()) ?? { columns, wheres: new Map<string, Row>() };
    ofTable.set(columns.join(), group);
    for (const one of simpleWheres(where) ?? []) group.wheres.set(JSON.stringify(columns.map((name) => one[name])), one);
  }
  return [...groups].flatMap(([table, ofTable]) => [...ofTable.values()].map(({ columns, wheres }) => ({ table, columns, wheres: [...wheres.values()] })));
}

function listed<R>(given: R | readonly R[]): readonly R[] {
  return Array.isArray(given) ? given as readonly R[] : [given as R];
}

/** Null for what is not there. Not for patches: what they change is not known. */
export function rowOf(fate: Fate): Row | null {
  return fate.kind === 'gone' || fate.kind === 'absent' ? null : fate.row;
}

function patchedOver(row: Row, patch: Row): Fate {
  return { kind: 'changed', row: { ...row, ...patch }, columns: new Set(Object.keys(patch)) };
}

function change(table: RowTable, key: string, part: Row, where: Row): void {
  const fate = table.fates.get(key);
  switch (fate?.kind) {
    case 'insert':
    case 'put': table.set(key, { kind: fate.kind, row: { ...fate.row, ...part } }); return;
    case 'same': table.set(key, patchedOver(fate.row, part)); return;
    case 'changed': table.set(key, { kind: 'changed', row: { ...fate.row, ...part }, columns: new Set([...fate.columns, ...Object.keys(part)]) }); return;
    case 'patch': table.set(key, { kind: 'patch', row: { ...fate.row, ...part } }); return;
    case 'gone':
    case 'absent': return;
    case undefined: table.set(key, { kind: 'patch', row: { ...keysOf(table, where), ...part } });
  }
}

function remove(table: RowTable, key: string, where: Row): void {
  const fate = table.fates.get(key);
  if (fate?.kind === 'absent') return;
  table.set(key, { kind: 'gone', row: keysOf(table, fate?.row ?? where) });
}

function keysOf(table: RowTable, row: Row): Row {
  return Object.fromEntries(table.keys.map((name) => [name, row[name]]));
}
