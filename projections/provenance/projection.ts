import { isStating, statementOf, statingTypes } from '@oort/algorithms-provenance';
import type { RecordedEvent } from '@oort/kernel-eventstore';
import type { Projection, Rows } from '@oort/kernel-projection';
import type { PlatformEvent } from '@oort/schema';
import { LinkEntity, StatementEntity } from './entities';

export const provenanceProjection: Projection = {
  name: 'provenance',
  version: 1,
  subscribes: statingTypes,
  entities: [StatementEntity, LinkEntity],
  apply,
};

async function apply(event: RecordedEvent, rows: Rows): Promise<void> {
  const candidate = { type: event.type, data: event.data } as unknown as PlatformEvent;
  if (!isStating(candidate)) return;
  const { subject, kind, links } = statementOf(candidate);
  const position = event.position.toString();
  await rows.insert(StatementEntity, { eventId: event.id, subject, kind, position, at: event.metadata.occurredAt });
  await rows.insert(LinkEntity, links.map(({ role, to }, index) => ({ id: `${event.id}/${index}`, eventId: event.id, subject, role, target: to, position })));
}
