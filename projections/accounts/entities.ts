import { EntitySchema } from 'typeorm';

/** What a person told of themselves. Personal data, all of it but the id and the times. */
export interface PersonRow {
  accountId: string;
  displayName: string | null;
  email: string | null;
  legalName: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  updatedAt: string | null;
  forgottenAt: string | null;
}

export const PersonEntity = new EntitySchema<PersonRow>({
  name: 'Person', tableName: 'person', schema: 'accounts',
  columns: {
    accountId: { type: 'text', primary: true },
    displayName: { type: 'text', nullable: true },
    email: { type: 'text', nullable: true },
    legalName: { type: 'text', nullable: true },
    country: { type: 'text', nullable: true },
    updatedAt: { type: 'text', nullable: true },
    forgottenAt: { type: 'text', nullable: true },
  },
});
