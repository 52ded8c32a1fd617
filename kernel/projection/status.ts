// How each projection stands, from the rows that its workers leave: any process can tell, and the command line too.
import type { DataSource } from 'typeorm';
import type { EventStore } from '@oort/kernel-eventstore';

export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  readonly state: 'building' | 'active';
  /** -1 before the first event. */
  readonly position: bigint;
  /** The store's last position, as its worker saw it last. */
  readonly head: bigint | null;
  readonly positionsBehind: bigint;
  /** Age of the oldest event that it has not applied. */
  readonly secondsBehind: number;
  readonly parked: number;
  /** Whether a process that lives works on it. */
  readonly worked: boolean;
  readonly failure: string | null;
}

interface StatusRow {
  readonly name: string; readonly version: number; readonly state: 'building' | 'active'; readonly position: string; readonly head: string | null;
  readonly seconds: number; readonly parked: number; readonly worked: boolean; readonly failure: string | null;
}

export async function statusOf(database: DataSource): Promise<readonly ProjectionStatus[]> {
  const rows: readonly StatusRow[] = await database.query(
    `SELECT builds.name, version, state, position, head, failure,
       coalesce(extract(epoch FROM clock_timestamp() - behind_since), 0)::float8 AS seconds,
       (SELECT count(*)::int FROM read_models.parked WHERE build = builds.id) AS parked,
       EXISTS (SELECT FROM read_models.leases WHERE leases.name = 'projection/' || builds.name || '/' || builds.id AND session <> 0
         AND renewed_at > clock_timestamp() - interval '10 seconds') AS worked
     FROM read_models.builds WHERE state <> 'retired' ORDER BY name, version, id`);
  return rows.map(({ position, head, seconds, ...row }) => {
    const behind = BigInt(head ?? position) - BigInt(position);
    const positionsBehind = behind > 0n ? behind : 0n;
    return {
      ...row, position: BigInt(position), head: head === null ? null : BigInt(head), positionsBehind,
      secondsBehind: positionsBehind === 0n ? 0 : Math.max(0, seconds),
    };
  });
}

/** Cost: one event read where the projection is behind. */
export async function tellLag(database: DataSource, store: EventStore, build: string, position: bigint): Promise<void> {
  const head = await store.head();
  let since: string | null = null;
  if (head !== null && head > position) {
    for await (const event of store.readAll(position < 0n ? 'start' : { after: position }, { limit: 1 })) since = event.metadata.occurredAt;
  }
  await database.query(
    `UPDATE read_models.builds SET head = $2::numeric, behind_since = $3::timestamptz
     WHERE id = $1 AND (head, behind_since) IS DISTINCT FROM ($2::numeric, $3::timestamptz)`, [build, head?.toString() ?? null, since]);
}

/** Prometheus text exposition format 0.0.4. */
export function metricsOf(statuses: readonly ProjectionStatus[]): string {
  const gauges = [
    ['oort_projection_position', 'Position of the last event that the build has applied.', ({ position }: ProjectionStatus) => position],
    ['oort_projection_positions_behind', 'Positions between the build and the end of the event store.', ({ positionsBehind }: ProjectionStatus) => positionsBehind],
    ['oort_projection_seconds_behind', 'Age of the oldest event that the build has not applied.', ({ secondsBehind }: ProjectionStatus) => secondsBehind],
    ['oort_projection_parked_events', 'Events set aside because they could not be applied.', ({ parked }: ProjectionStatus) => parked],
    ['oort_projection_failing', '1 while the worker fails or waits for a fix.', ({ failure }: ProjectionStatus) => (failure === null ? 0 : 1)],
    ['oort_projection_worked', '1 while a process works on the build.', ({ worked }: ProjectionStatus) => (worked ? 1 : 0)],
  ] as const;
  return gauges.map(([name, help, value]) => [
    `# HELP ${name} ${help}`, `# TYPE ${name} gauge`,
    ...statuses.map((status) => `${name}{projection="${status.name}",version="${status.version}",state="${status.state}"} ${value(status)}`), '',
  ].join('\n')).join('');
}
