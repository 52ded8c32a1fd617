// A projection for tests: sums by name, `version` times as large.
import { randomUUID } from 'node:crypto';
import { EntitySchema } from 'typeorm';
import type { EventToAppend } from '@oort/kernel-eventstore';
import type { Projection } from './port';

interface Total { name: string; total: string; times?: number }

export interface TotalsOptions {
  readonly onApply?: () => void;
  readonly wait?: () => Promise<void>;
  readonly poison?: 'park' | 'stop';
  /** With a column that other versions do not have. */
  readonly wider?: boolean;
}

export function totals(version: number, { onApply, wait, poison = 'park', wider = false }: TotalsOptions = {}): Projection {
  const entity = new EntitySchema<Total>({
    name: `Total${version}`, tableName: 'totals', schema: 'totals',
    columns: { name: { type: 'text', primary: true }, total: { type: 'numeric' }, ...(wider ? { times: { type: 'int' as const } } : {}) },
  });
  return {
    name: 'totals', version, subscribes: ['Added'], poison, entities: [entity],
    async apply(event, rows) {
      await wait?.();
      const { name, by } = event.data as { name: string; by: number };
      const before = await rows.findOne(entity, { name });
      await rows.put(entity, { name, total: (BigInt(before?.total ?? 0) + BigInt(by * version)).toString(), ...(wider ? { times: version } : {}) });
      onApply?.();
    },
  };
}

export function added(name: string, by: number, type = 'Added'): EventToAppend {
  const id = randomUUID();
  const metadata = { actor: 'platform', correlationId: id, causationId: id, occurredAt: new Date().toISOString(), schemaVersion: 1 };
  return { id, type, data: { name, by }, metadata };
}
