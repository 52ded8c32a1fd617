import type { DataSource, EntitySchema } from 'typeorm';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Rows } from './rows';

/** A read model: rows derived from events, in a PostgreSQL schema of its own name, dropped and rebuilt at will. */
export interface Projection {
  readonly name: string;
  /** A new version is built beside the one that is read, from the first event on. */
  readonly version: number;
  readonly subscribes: readonly string[];
  /** In the schema called as the projection is. */
  readonly entities: readonly EntitySchema<object>[];
  /** An event whose fold throws again and again: `park` sets it and the later ones of its stream aside (the default);
   *  `stop` waits for a fix, for rows that would be wrong together without one event. */
  readonly poison?: 'park' | 'stop';
  /** Runs in the transaction that moves the checkpoint. Throws only for a bug. It changes nothing but the rows it is given, since
   *  an event is also folded for show, to find out what is read. */
  apply(event: RecordedEvent, rows: Rows): Promise<void>;
}

export interface ReadModels {
  readonly database: DataSource;
  /** Resolves once what is read has applied everything up to the position, in whatever process that happens.
   *  Throws ReadModelBehind after timeoutMs (default 10,000), ReadModelAhead. */
  waitFor(projection: string, position: bigint, timeoutMs?: number): Promise<void>;
}
