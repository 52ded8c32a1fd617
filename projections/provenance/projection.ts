import type { EntityManager } from 'typeorm';
import { isStating, statementOf, statingTypes } from '@oort/algorithms-provenance';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection } from '@oort/kernel-projection';
import type { PlatformEvent } from '@oort/schema';
import { LinkEntity, StatementEntity, type LinkRow } from './entities';

const rowsAtOnce = 500;

export const provenanceProjection: Projection = {
  name: 'provenance',
  version: 1,
  subscribes: statingTypes,
  entities: [StatementEntity, LinkEntity],
  apply,
};

async function apply(event: RecordedEvent, manager: EntityManager): Promise<void> {
  const candidate = { type: event.type, data: event.data } as unknown as PlatformEvent;
  if (!isStating(candidate)) return;
  const { subject, kind, links } = statementOf(candidate);
  const position = event.position.toString();
  await manager.insert(StatementEntity, { eventId: event.id, subject, kind, position, at: event.metadata.occurredAt });
  const rows: LinkRow[] = links.map(({ role, to }, index) =>
    ({ id: `${event.id}/${index}`, eventId: event.id, subject, role, target: to, position }));
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    await manager.insert(LinkEntity, rows.slice(start, start + rowsAtOnce));
  }
}
