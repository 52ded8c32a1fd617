// Many rows in one statement each: they travel as one JSON text, which PostgreSQL takes apart by the columns' own types.
import type { EntityManager } from 'typeorm';
import type { Fate, Row, RowTable } from './row-table';

/** Deletions first: a unique index may want the place of what goes. */
export async function writeFates(table: RowTable, manager: EntityManager): Promise<void> {
  const columns = [...table.columns.keys()];
  const gone: Row[] = [];
  const inserted: Row[] = [];
  const put: Row[] = [];
  const patched = new Map<string, { readonly names: readonly string[]; readonly rows: Row[] }>();
  for (const fate of table.fates.values()) {
    const names = changedColumns(fate);
    if (fate.kind === 'gone') gone.push(fate.row);
    if (fate.kind === 'insert') inserted.push(fate.row);
    if (fate.kind === 'put') put.push(fate.row);
    if (names.length === 0) continue;
    const group = patched.get(names.join()) ?? { names, rows: [] };
    group.rows.push(fate.row);
    patched.set(names.join(), group);
  }
  const key = table.keys.map((name) => `held."${name}" = given."${name}"`).join(' AND ');
  if (gone.length > 0) await manager.query(`DELETE FROM ${nameOf(table)} AS held USING ${records(table, table.keys)} WHERE ${key}`, [JSON.stringify(gone)]);
  if (inserted.length > 0) await manager.query(insertion(table), [JSON.stringify(inserted)]);
  if (put.length > 0) await manager.query(insertion(table) + conflict(table, columns), [JSON.stringify(put)]);
  for (const { names, rows } of patched.values()) {
    const set = names.map((name) => `"${name}" = given."${name}"`).join();
    const needed = [...table.keys, ...names];
    await manager.query(`UPDATE ${nameOf(table)} AS held SET ${set} FROM ${records(table, needed)} WHERE ${key}`, [JSON.stringify(rows)]);
  }

  function changedColumns(fate: Fate): readonly string[] {
    const isKey = (name: string): boolean => table.keys.includes(name);
    if (fate.kind === 'patch') return Object.keys(fate.row).filter((name) => !isKey(name)).sort();
    return fate.kind === 'changed' ? [...fate.columns].filter((name) => !isKey(name)).sort() : [];
  }
}

export async function selectRows(table: RowTable, where: Readonly<Row>, manager: EntityManager): Promise<readonly Row[]> {
  const values: unknown[] = [];
  const conditions = Object.entries(where).map(([name, value]) => {
    if (value === null) return `"${name}" IS NULL`;
    values.push(value);
    return Array.isArray(value) ? `"${name}" = ANY($${values.length})` : `"${name}" = $${values.length}`;
  });
  return manager.query(`SELECT * FROM ${nameOf(table)} WHERE ${conditions.length === 0 ? 'true' : conditions.join(' AND ')}`, values);
}

/** The rows that meet one of many conditions by the same columns. */
export async function selectMany(table: RowTable, columns: readonly string[], wheres: readonly Readonly<Row>[], manager: EntityManager): Promise<readonly Row[]> {
  if (wheres.length === 0) return [];
  const on = columns.map((name) => `held."${name}" = given."${name}"`).join(' AND ');
  return manager.query(`SELECT held.* FROM ${nameOf(table)} AS held JOIN ${records(table, columns)} ON ${on}`, [JSON.stringify(wheres)]);
}

/** Without a schema: the transaction's search path says which build's tables are meant. */
function nameOf({ metadata }: RowTable): string {
  return `"${metadata.tableName}"`;
}

function insertion(table: RowTable): string {
  const columns = [...table.columns.keys()];
  const list = columns.map((name) => `"${name}"`).join();
  return `INSERT INTO ${nameOf(table)} AS held (${list}) SELECT ${list} FROM ${records(table, columns)}`;
}

function conflict(table: RowTable, columns: readonly string[]): string {
  const keys = table.keys.map((name) => `"${name}"`).join();
  const others = columns.filter((name) => !table.keys.includes(name));
  if (others.length === 0) return ` ON CONFLICT (${keys}) DO NOTHING`;
  return ` ON CONFLICT (${keys}) DO UPDATE SET ${others.map((name) => `"${name}" = excluded."${name}"`).join()}`;
}

function records(table: RowTable, names: readonly string[]): string {
  const { driver } = table.metadata.connection;
  const types = names.map((name) => {
    const column = table.columns.get(name);
    return `"${name}" ${column === undefined ? 'text' : driver.normalizeType({ type: column.type })}`;
  });
  return `json_to_recordset($1::json) AS given(${types.join()})`;
}
