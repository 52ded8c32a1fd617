// What rules say of ages, filters and each other, with days as Amazon counts them.
import {
  abortOf, expiryOf, markerExpiryOf, noncurrentExpiryOf, realDayMs, transitionOf, type Aged, type LifecycleFilter, type LifecycleRule,
} from './rules';

const object: Aged = { key: 'logs/2026/a', sizeBytes: 1000, storedAt: '2026-01-15T10:30:00.000Z', tags: { kind: 'log', old: 'yes' } };
const rule = (filter: Partial<LifecycleFilter>, actions: Partial<LifecycleRule>, id = 'rule'): LifecycleRule =>
  ({ id, enabled: true, filtered: true, filter: { prefix: '', tags: {}, ...filter }, ...actions });
const days = (count: number): Partial<LifecycleRule> => ({ expiration: { days: count } });
const moment = (time: string): number => Date.parse(time);

test('an age ends with its day, on a day that is named it does not matter, and a shortened day is not waited out', () => {
  expect(expiryOf([rule({}, days(3))], object, realDayMs)).toEqual({ rule: 'rule', at: moment('2026-01-19T00:00:00Z') });
  expect(expiryOf([rule({}, days(3))], { ...object, storedAt: '2026-01-15T00:00:00.000Z' }, realDayMs)?.at).toBe(moment('2026-01-18T00:00:00Z'));
  expect(expiryOf([rule({}, { expiration: { date: '2026-02-01T00:00:00.000Z' } })], object, realDayMs)?.at).toBe(moment('2026-02-01T00:00:00Z'));
  expect(expiryOf([rule({}, days(3))], object, 1000)?.at).toBe(moment(object.storedAt) + 3000);
});

test.each<[string, Partial<LifecycleFilter>, boolean]>([
  ['everything', {}, true],
  ['its prefix', { prefix: 'logs/' }, true],
  ['another prefix', { prefix: 'log-' }, false],
  ['a tag of it', { tags: { kind: 'log' } }, true],
  ['both of its tags', { tags: { kind: 'log', old: 'yes' } }, true],
  ['one tag of two', { tags: { kind: 'log', old: 'no' } }, false],
  ['a smaller size', { largerThan: 999 }, true],
  ['its very size, which is not larger', { largerThan: 1000 }, false],
  ['its very size, which is not smaller', { smallerThan: 1000 }, false],
  ['a range', { largerThan: 500, smallerThan: 1001 }, true],
])('a filter of %s', (_name, filter, matches) => {
  expect(expiryOf([rule(filter, days(1))], object, realDayMs) !== null).toBe(matches);
});

test('the rule that comes first counts, and one that is switched off does not', () => {
  const rules = [rule({}, days(9), 'late'), rule({}, days(2), 'soon'), { ...rule({}, days(1), 'off'), enabled: false }];
  expect(expiryOf(rules, object, realDayMs)?.rule).toBe('soon');
  expect(transitionOf(rules, object, realDayMs)).toBeNull();
});

test('noncurrent versions age from when they were replaced, and the newest of them may stay', () => {
  const rules = [rule({}, { noncurrentExpiration: { days: 2, keep: 3 } })];
  const at = (newer: number): number | undefined => noncurrentExpiryOf(rules, object, { since: '2026-03-01T12:00:00.000Z', newer }, realDayMs)?.at;
  expect([at(2), at(3)]).toEqual([undefined, moment('2026-03-04T00:00:00Z')]);
});

test('markers that hide nothing go at once where a rule says so, or at their age', () => {
  const marker = { ...object, tags: {}, sizeBytes: 0 };
  expect(markerExpiryOf([rule({}, { expiresMarkers: true })], marker, realDayMs)?.at).toBe(moment(object.storedAt));
  expect(markerExpiryOf([rule({}, days(3))], marker, realDayMs)?.at).toBe(moment('2026-01-19T00:00:00Z'));
  expect(markerExpiryOf([rule({}, { expiration: { date: '2026-01-01T00:00:00.000Z' } })], marker, realDayMs)).toBeNull();
});

test('an upload is given up by its key and its beginning', () => {
  const rules = [rule({ prefix: 'logs/' }, { abortUploadsDays: 7 })];
  expect(abortOf(rules, { key: 'logs/b', startedAt: '2026-01-01T01:00:00.000Z' }, realDayMs)).toEqual({ rule: 'rule', at: moment('2026-01-09T00:00:00Z') });
  expect(abortOf(rules, { key: 'other', startedAt: '2026-01-01T01:00:00.000Z' }, realDayMs)).toBeNull();
});
