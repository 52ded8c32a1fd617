import type { RecordedEvent } from '@oort/kernel-eventstore';
import { OfficerWages } from './officer-wages';

const officer = `0x${'0A'.repeat(20)}`;
const observed = (contract: string, event: string, period = '3'): RecordedEvent => ({ data: { contract, event, args: { period, officer } } }) as unknown as RecordedEvent;

it('gives the fund one wage for each seat that committed, and for nothing else', async () => {
  const given: (readonly [string, string, bigint, string])[] = [];
  const wages = new OfficerWages(
    { view: () => Promise.resolve([{ wage: 7n }]) },
    { intend: ({ contract, method, valueWei, callId }) => { given.push([contract, method, valueWei, callId]); return Promise.resolve(); } },
  );
  for (const event of [observed('OfficerCourt', 'OfficerDrawn'), observed('JuryCourt', 'PhantomsCommitted')]) await wages.observed(event);
  expect(given).toEqual([]);
  for (const period of ['3', '3', '4']) await wages.observed(observed('OfficerCourt', 'PhantomsCommitted', period));
  expect(given.map(([contract, method, wei]) => [contract, method, wei])).toEqual(Array.from({ length: 3 }, () => ['OfficerCourt', 'give', 7n]));
  // The same seat is the same call, which the chain of calls takes once.
  expect(new Set(given.map(([, , , callId]) => callId)).size).toBe(2);
});
