// One worker per name across processes. A lease is a row with an epoch that grows with each holder: what a holder writes is
// conditional on its epoch, so one that stalled and wakes changes nothing. Death shows at once, because every process holds an
// advisory lock on a connection of its own, which PostgreSQL lets go with the connection; a stall shows when renewals stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import { Fault } from '@oort/kernel-wire';
import { infrastructure } from './infrastructure';

export class LeaseLost extends Fault {
  constructor(name: string) {
    super('LEASE_LOST', `another process works on ${name} now`, { name });
  }
}

export interface Lease {
  readonly name: string;
  readonly epoch: string;
  /** Aborts when another process may have taken over. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** `stalledMs`: a holder that has not renewed for so long may be taken over. Tests shorten it. */
export const leaseTiming = { stalledMs: 10_000, retryMs: 1_000 };

const lockSpace = 7_077_012;

/** True in SQL when the lease `$name` is still of epoch `$epoch`. */
export const holdsLease = (name: string, epoch: string): string =>
  `EXISTS (SELECT FROM read_models.leases WHERE name = ${name} AND epoch = ${epoch}::bigint)`;

const sessions = new WeakMap<DataSource, LeaseSession>();

/** Waits until this process may work on it; null when the signal aborts before. Release what you got. */
export async function takeLease(database: DataSource, name: string, signal: AbortSignal): Promise<Lease | null> {
  let session = sessions.get(database);
  if (session === undefined) sessions.set(database, session = new LeaseSession(database));
  session.enter();
  while (!signal.aborted) {
    const lease = await session.claim(name).catch(() => null);
    if (lease !== null) return lease;
    await sleep(leaseTiming.retryMs, undefined, { signal }).catch(() => undefined);
  }
  await session.leave();
  return null;
}

interface Held { readonly epoch: string; readonly lost: AbortController }

class LeaseSession {
  private readonly held = new Map<string, Held>();
  private connecting: Promise<Connected> | null = null;
  private users = 0;

  constructor(private readonly database: DataSource) {}

  enter(): void {
    this.users += 1;
  }

  /** The last one out closes the connection. */
  async leave(): Promise<void> {
    this.users -= 1;
    if (this.users > 0) return;
    const connecting = this.connecting;
    this.connecting = null;
    await connecting?.then((connected) => connected.end(), () => undefined);
  }

  async claim(name: string): Promise<Lease | null> {
    if (this.held.has(name)) return null;
    const { query, session } = await this.connected();
    const [row] = await query<{ epoch: string }>(
      `INSERT INTO read_models.leases AS held VALUES ($1, $2, 1, clock_timestamp())
       ON CONFLICT (name) DO UPDATE SET session = $2, epoch = held.epoch + 1, renewed_at = clock_timestamp()
       WHERE held.session = $2 OR held.renewed_at < clock_timestamp() - make_interval(secs => $3)
         OR pg_try_advisory_xact_lock_shared(${lockSpace}, held.session)
       RETURNING epoch`, [name, session, leaseTiming.stalledMs / 1000]);
    if (row === undefined || this.held.has(name)) return null;
    const held: Held = { epoch: row.epoch, lost: new AbortController() };
    this.held.set(name, held);
    return { name, epoch: row.epoch, lost: held.lost.signal, release: once(() => this.release(name, held)) };
  }

  private async release(name: string, held: Held): Promise<void> {
    if (this.held.get(name) === held) {
      this.held.delete(name);
      const connected = await this.connecting?.catch(() => null);
      // Session 0 is nobody's, so the next claim succeeds at once.
      await connected?.query('UPDATE read_models.leases SET session = 0 WHERE name = $1 AND epoch = $2', [name, held.epoch])
        .catch(() => undefined);
    }
    await this.leave();
  }

  private connected(): Promise<Connected> {
    if (this.connecting !== null) return this.connecting;
    const connecting = connect(this.database, (connected) => this.renew(connected), () => {
      if (this.connecting === connecting) this.connecting = null;
      for (const name of this.held.keys()) this.lose(name);
    });
    this.connecting = connecting;
    connecting.catch(() => { if (this.connecting === connecting) this.connecting = null; });
    return connecting;
  }

  private lose(name: string): void {
    this.held.get(name)?.lost.abort();
    this.held.delete(name);
  }

  private async renew({ query, session }: Connected): Promise<void> {
    const before = new Map(this.held);
    const rows = await query<{ name: string; epoch: string }>(
      'UPDATE read_models.leases SET renewed_at = clock_timestamp() WHERE session = $1 RETURNING name, epoch', [session]);
    const ours = new Map(rows.map(({ name, epoch }) => [name, epoch]));
    for (const [name, held] of before) {
      if (ours.get(name) !== held.epoch && this.held.get(name) === held) this.lose(name);
    }
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => running ??= work();
}

interface Connected {
  readonly session: number;
  /** One after another: a connection runs one query at a time. */
  readonly query: <R extends QueryResultRow>(sql: string, values: readonly unknown[]) => Promise<readonly R[]>;
  end(): Promise<void>;
}

async function connect(database: DataSource, renew: (connected: Connected) => Promise<void>, onLost: () => void): Promise<Connected> {
  await infrastructure(database);
  const { options } = database;
  const client = new Client({ connectionString: options.type === 'postgres' ? options.url : undefined, keepAlive: true });
  client.on('error', () => { finish(); onLost(); });
  client.on('end', () => { finish(); onLost(); });
  const ticking: { timer?: NodeJS.Timeout } = {};
  const finish = (): void => { clearInterval(ticking.timer); };
  await client.connect();
  // A process that only waits here may end.
  (client as Client & { unref(): void }).unref();
  const { rows: [row] } = await client.query<{ session: number }>(`SELECT nextval('read_models.sessions')::int AS session`);
  const session = row?.session ?? 0;
  await client.query('SELECT pg_advisory_lock($1, $2)', [lockSpace, session]);
  let before: Promise<unknown> = Promise.resolve();
  const connected: Connected = {
    session,
    query: <R extends QueryResultRow>(sql: string, values: readonly unknown[]) => {
      const answer = before.then(() => client.query<R>(sql, [...values])).then(({ rows: found }) => found);
      before = answer.catch(() => undefined);
      return answer;
    },
    async end() { finish(); await client.end().catch(() => undefined); },
  };
  ticking.timer = setInterval(() => { renew(connected).catch(() => undefined); }, leaseTiming.stalledMs / 4).unref();
  return connected;
}
