// Finds out what the folds of a batch are going to read, so that it is read in a few statements instead of one for each event.
// Each event is folded for show: changes are forgotten, and a fold ends at the first thing that is not loaded yet. What all of them
// lack is loaded at once, and they try again. It cannot change what the real folds see, only how they come by it: what an earlier
// event of the batch brings about is missing here, and what is then asked for is asked for one by one, as without it.
import type { DataSource, EntityManager, EntitySchema } from 'typeorm';
import { Fault } from '@oort/kernel-wire';
import { rowOf, Rows, type Lookup, type Where } from './rows';
import { simpleWheres, type Row, type RowTable } from './row-table';

/** As deep as lookups depend on each other in the folds that there are. */
const mostRounds = 4;
/** Below that, looking ahead costs as much as it saves. */
const fewest = 8;

type Fold<E> = (event: E, rows: Rows) => Promise<void>;

class NotLoaded extends Fault {
  constructor() { super('NOT_LOADED', 'a fold asked for what is not loaded yet'); }
}

/** One for all: it is thrown for every event, and where from tells nothing. */
const notLoaded = new NotLoaded();

/** Rows with what `fold` is going to read. `fold` as a projection has it: it changes nothing but the rows it is given. */
export async function rowsFor<E>(database: DataSource, manager: EntityManager, events: readonly E[], fold: Fold<E>): Promise<Rows> {
  const tables = new Map<EntitySchema<object>, RowTable>();
  const rows = new Rows(database, manager, tables);
  let waiting = events.length < fewest ? [] : events;
  for (let round = 0; round < mostRounds && waiting.length > 0; round += 1) {
    const missing = await Promise.all(waiting.map(async (event) => {
      const scout = new Scout(database, manager, tables);
      // What goes wrong besides may be right when the events before it have run.
      await fold(event, scout).catch(() => undefined);
      return scout.missing;
    }));
    await rows.load(missing.filter((one) => one !== null));
    waiting = waiting.filter((_, index) => missing[index] !== null);
  }
  return rows;
}

/** Sees what its rows have loaded, and changes nothing. */
class Scout extends Rows {
  missing: Lookup | null = null;

  override async insert(): Promise<void> { /* for show */ }

  override async put(): Promise<void> { /* for show */ }

  override update<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<void> {
    return this.look(entity, where);
  }

  override delete<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<void> {
    return this.look(entity, where);
  }

  override async increment<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<void> {
    await this.find(entity, where);
  }

  override query(): Promise<never> {
    return Promise.reject(notLoaded);
  }

  override async flush(): Promise<void> { /* nothing was changed */ }

  protected override async matching(table: RowTable, where: Row): Promise<readonly Row[]> {
    const key = table.keyIn(where);
    if (key === null) return this.known(table, where) ?? this.lack(table, where);
    const fate = table.fates.get(key);
    if (fate === undefined) return this.lack(table, Object.fromEntries(table.keys.map((name) => [name, where[name]])));
    const row = rowOf(fate);
    return row !== null && table.matcher(where)(row) ? [{ ...row }] : [];
  }

  /** A change by the primary key alone needs no row. */
  private async look<R extends object>(entity: EntitySchema<R>, where: Where<R>): Promise<void> {
    const table = this.table(entity);
    if (this.soleKey(table, where) === null) await this.matching(table, where);
  }

  private lack(table: RowTable, where: Row): never {
    // What cannot be looked up with others is asked for by itself, later.
    if (simpleWheres(where) !== null) this.missing = { table, where };
    throw notLoaded;
  }
}
