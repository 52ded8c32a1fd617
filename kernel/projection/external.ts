// The PostgreSQL of the platform: the one that OORT_POSTGRES_URL names, or one of its own in a directory.
import { Client } from 'pg';
import { Fault, messageOf } from '@oort/kernel-wire';
import { startPostgres, type Postgres } from './postgres';

export class PostgresUnusable extends Fault {
  constructor(why: string) {
    super('POSTGRES_UNUSABLE', `OORT_POSTGRES_URL: ${why}`);
  }
}

export type PostgresServer = Pick<Postgres, 'url' | 'stop'>;

const oldest = 15;
const connectTimeoutMs = 10_000;

/** Throws PostgresUnusable when the named one cannot hold read models. `stop` leaves it running: it is not ours. */
export async function openPostgres(
  { directory, environment }: { readonly directory: string; readonly environment: Readonly<Record<string, string | undefined>> },
): Promise<PostgresServer> {
  const url = environment['OORT_POSTGRES_URL'];
  if (url === undefined || url === '') return startPostgres({ directory });
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) throw new PostgresUnusable('it is not a postgres://user:password@host:port/database address');
  await check(url);
  return { url, stop: () => Promise.resolve() };
}

async function check(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => undefined);
  try {
    // The address holds a password, so nothing of it is told.
    await client.connect().catch((error: unknown) => { throw new PostgresUnusable(messageOf(error) || 'nothing answers there'); });
    const { rows: [found] } = await client.query<{ version: number; creates: boolean; recovers: boolean }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS version, pg_is_in_recovery() AS recovers,
        has_database_privilege(current_database(), 'CREATE') AS creates`);
    if (found === undefined || found.version < oldest) throw new PostgresUnusable(`version ${found?.version ?? 'unknown'} is too old: ${oldest} or later`);
    if (found.recovers) throw new PostgresUnusable('it is a replica that takes no writes');
    if (!found.creates) throw new PostgresUnusable('its user may not create schemas in this database: GRANT CREATE ON DATABASE');
  } finally {
    await client.end().catch(() => undefined);
  }
}
