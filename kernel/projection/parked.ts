// Events that a projection could not take, set aside with their reason. Once one event of a stream is parked, the later ones of
// its stream are too: rows may miss a stream's end, and never see its events out of order.
import type { DataSource, EntityManager } from 'typeorm';
import type { RecordedEvent } from '@oort/kernel-eventstore';

export interface Parked {
  readonly projection: string;
  readonly version: number;
  readonly position: string;
  readonly eventId: string;
  readonly stream: string;
  readonly type: string;
  readonly reason: string;
  readonly attempts: number;
  readonly parkedAt: Date;
}

export interface ParkedPlace { readonly position: string; readonly stream: string }

export async function park(manager: EntityManager, build: string, { position, id, stream, type }: RecordedEvent, reason: string, attempts: number): Promise<void> {
  await manager.query(
    `INSERT INTO read_models.parked (build, position, event_id, stream, type, reason, attempts) VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (build, position) DO UPDATE SET reason = $6, attempts = read_models.parked.attempts + $7, replay = false`,
    [build, position.toString(), id, stream, type, reason, attempts]);
}

export async function parkedStreams(database: DataSource, build: string): Promise<Set<string>> {
  const rows: readonly { readonly stream: string }[] = await database.query('SELECT DISTINCT stream FROM read_models.parked WHERE build = $1', [build]);
  return new Set(rows.map(({ stream }) => stream));
}

/** Those that somebody asked to try again, in the order of the log. */
export function parkedForReplay(database: DataSource, build: string): Promise<readonly ParkedPlace[]> {
  return database.query('SELECT position, stream FROM read_models.parked WHERE build = $1 AND replay ORDER BY position', [build]);
}

export async function unpark(manager: EntityManager, build: string, position: string): Promise<void> {
  await manager.query('DELETE FROM read_models.parked WHERE build = $1 AND position = $2', [build, position]);
}

/** The rest of a stream waits for its first. */
export async function stopReplay(database: DataSource, build: string, stream: string): Promise<void> {
  await database.query('UPDATE read_models.parked SET replay = false WHERE build = $1 AND stream = $2', [build, stream]);
}

/** Whoever works on the projection tries them again. Answers how many. */
export async function askReplay(database: DataSource, name: string): Promise<number> {
  const rows: readonly unknown[] = await database.query(
    `WITH asked AS (UPDATE read_models.parked SET replay = true FROM read_models.builds
       WHERE builds.id = parked.build AND builds.name = $1 RETURNING 1) SELECT FROM asked`, [name]);
  return rows.length;
}

export function parkedEvents(database: DataSource): Promise<readonly Parked[]> {
  return database.query(
    `SELECT name AS projection, version, parked.position, event_id AS "eventId", stream, type, reason, attempts, parked_at AS "parkedAt"
     FROM read_models.parked JOIN read_models.builds ON builds.id = parked.build ORDER BY name, version, parked.position`);
}
