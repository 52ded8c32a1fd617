import { DataSource } from 'typeorm';
import { askRebuild } from './builds';
import { infrastructure } from './infrastructure';
import { outliveConnections } from './lost-connections';
import { askReplay, parkedEvents, type Parked } from './parked';
import { statusOf, type ProjectionStatus } from './status';

/** What may be seen and asked from outside the platform's processes: requests are rows that the workers find. */
export interface Administration {
  status(): Promise<readonly ProjectionStatus[]>;
  parked(): Promise<readonly Parked[]>;
  /** False when one is being built already, null when there is no such projection. */
  rebuild(name: string): Promise<boolean | null>;
  /** How many parked events are tried again. */
  replay(name: string): Promise<number>;
  close(): Promise<void>;
}

export async function administer(url: string): Promise<Administration> {
  const database = outliveConnections(await new DataSource({ type: 'postgres', url, installExtensions: false, poolSize: 1 }).initialize());
  await infrastructure(database);
  return {
    status: () => statusOf(database),
    parked: () => parkedEvents(database),
    rebuild: (name) => askRebuild(database, name),
    replay: (name) => askReplay(database, name),
    close: () => database.destroy(),
  };
}
