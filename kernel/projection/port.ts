import type { DataSource, EntityManager, EntitySchema } from 'typeorm';
import type { RecordedEvent } from '@oort/kernel-eventstore';

/** A read model: rows derived from events, in a PostgreSQL schema of its own (`<name>_v<version>`), dropped and rebuilt at will. */
export interface Projection {
  readonly name: string;
  /** A new version is built beside the old one from the first event on. */
  readonly version: number;
  readonly subscribes: readonly string[];
  readonly entities: readonly EntitySchema<object>[];
  /** Runs in the transaction that moves the checkpoint. Throws only for a bug. */
  apply(event: RecordedEvent, manager: EntityManager): Promise<void>;
}

export interface ReadModels {
  readonly database: DataSource;
  /** Resolves once the projection has applied everything up to the position. Throws ReadModelBehind after timeoutMs (default 10,000). */
  waitFor(projection: string, position: bigint, timeoutMs?: number): Promise<void>;
}
