// The work that every store is given: events of about 280 bytes.
import { randomUUID } from 'node:crypto';
import type { EventToAppend } from '@oort/kernel-eventstore';

export const writers = 64;
export const batchSize = 1000;
export const replayed = 20_000;

const data = { item: 'item_01J8ZQ6Q4F', label: '7', note: 'x'.repeat(60), worker: 'account_01J8ZQ6Q4F', posterior: 0.953, seconds: 4 };
const metadata = { actor: 'account_01J8ZQ6Q4F', correlationId: 'command_01J8ZQ6Q4F', causationId: 'c', occurredAt: '2026-01-01T00:00:00.000Z', schemaVersion: 1 };

export const event = (): EventToAppend => ({ id: randomUUID(), type: 'LabelSubmitted', data, metadata });
export const batch = (): EventToAppend[] => Array.from({ length: batchSize }, event);
