import { EntitySchema } from 'typeorm';

/** One event's statement about one subject. */
export interface StatementRow {
  eventId: string;
  subject: string;
  kind: string;
  /** bigint as decimal text; ordered by `ordinal`. */
  position: string;
  at: string;
}

/** `subject` relates to `target` in `role`, as the event says. */
export interface LinkRow {
  id: string;
  eventId: string;
  subject: string;
  role: string;
  target: string;
  position: string;
}

export const provenanceSchema = 'provenance';

export const StatementEntity = new EntitySchema<StatementRow>({
  name: 'ProvenanceStatement', tableName: 'statement', schema: provenanceSchema,
  columns: {
    eventId: { type: 'text', primary: true },
    subject: { type: 'text' },
    kind: { type: 'text' },
    position: { type: 'bigint' },
    at: { type: 'text' },
  },
  indices: [{ name: 'statement_subject', columns: ['subject'] }],
});

export const LinkEntity = new EntitySchema<LinkRow>({
  name: 'ProvenanceLink', tableName: 'link', schema: provenanceSchema,
  columns: {
    id: { type: 'text', primary: true },
    eventId: { type: 'text' },
    subject: { type: 'text' },
    role: { type: 'text' },
    target: { type: 'text' },
    position: { type: 'bigint' },
  },
  indices: [{ name: 'link_subject', columns: ['subject'] }, { name: 'link_target', columns: ['target'] }],
});
