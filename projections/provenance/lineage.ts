// Walks the graph of origins in either direction, as of any position of the log.
import type { DataSource } from 'typeorm';
import { provenanceSchema } from './entities';

export type Direction = 'BACKWARD' | 'FORWARD';

export interface LineageStep {
  readonly id: string;
  readonly kind: string;
  /** Edges between the start and this subject, on a shortest way. */
  readonly depth: number;
  readonly role: string | null;
  readonly from: string | null;
  readonly eventIds: readonly string[];
}

interface Row { id: string; kind: string | null; depth: number; role: string | null; from: string | null; events: string[] | null }

/** Breadth first, so every subject comes once, at its smallest depth. Cost: one query a level. */
export async function lineage(
  database: DataSource, start: string, direction: Direction, depth: number, asOf: bigint | null,
): Promise<readonly LineageStep[]> {
  const until = (asOf ?? 9_223_372_036_854_775_807n).toString();
  const found = new Map<string, { depth: number; role: string | null; from: string | null }>([[start, { depth: 0, role: null, from: null }]]);
  let frontier = [start];
  for (let level = 1; level <= depth && frontier.length > 0; level += 1) {
    const edges = await database.query<{ near: string; far: string; role: string }[]>(edgeQuery(direction), [frontier, until]);
    frontier = [];
    for (const { near, far, role } of edges) {
      if (found.has(far)) continue;
      found.set(far, { depth: level, role, from: near });
      frontier.push(far);
    }
  }
  return described(database, found, until);
}

function edgeQuery(direction: Direction): string {
  const [near, far] = direction === 'BACKWARD' ? ['subject', 'target'] : ['target', 'subject'];
  return `select ${near} as near, ${far} as far, min(role) as role from ${provenanceSchema}.link
    where ${near} = any($1) and position <= $2 group by 1, 2 order by 1, 2`;
}

async function described(
  database: DataSource, found: ReadonlyMap<string, { depth: number; role: string | null; from: string | null }>, until: string,
): Promise<readonly LineageStep[]> {
  const rows = await database.query<Pick<Row, 'id' | 'kind' | 'events'>[]>(
    `select subject as id, min(kind) as kind, array_agg(event_id order by position) as events
       from (select subject, kind, "eventId" as event_id, position from ${provenanceSchema}.statement) s
      where subject = any($1) and position <= $2 group by 1`, [[...found.keys()], until]);
  return rows
    .flatMap(({ id, kind, events }) => {
      const place = found.get(id);
      return place === undefined || kind === null ? [] : [{ id, kind, ...place, eventIds: events ?? [] }];
    })
    .sort((one, other) => one.depth - other.depth || (one.id < other.id ? -1 : 1));
}
